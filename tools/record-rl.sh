#!/bin/sh
# In-context reinforcement learning, the paper's table 5 in the small, on this machine: collects episodes, trains, lets the models act, and
# keeps tables, logs and plots in validation/paper/<n>x<model>/rl/, validation/paper/cpu/rl/ or $RECORD.
# usage: tools/record-rl.sh cpu|gpu [STEP...]
#   collect       episodes of cartpole swing-up, and histories of dark rooms
#   methods       BC of the best tenth, DT, AT, for each of $SEEDS (default: 1 2 3), and their roll-outs
#   long          AT with 128 trajectories over all GPUs; needs two
#   context       whole histories of dark rooms, and roll-outs in rooms never seen with 0 to all earlier trials in context
#   memory        steps of the paper's 350M shape under 24 GiB: which number of trajectories fits with which attention
#   tables        returns.csv, context.csv and their plot (default: all but long)
#   SCRATCH=FOLDER keeps episodes and models, so that steps can be taken in several calls
# Exit status: 0 all passed; 1 some step failed; 2 there is nothing to measure on.
# shellcheck disable=SC2086 # lists of options are words
set -u
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tools/recording.sh
. tools/recording.sh

kind=${1-}
if [ $# -gt 0 ]; then shift; fi
steps=${*:-collect methods context memory tables}
seeds=${SEEDS:-1 2 3}
case $kind in
  cpu) # the same way with few episodes, small models and few steps
    count=2
    place=cpu
    device="-D device.kind=cpu"
    episodes=64
    rooms="-D collect.tasks=16 -D collect.episodes=12"
    few="-D train.steps=20 -D train.batch=4 -D model.hidden=32 -D model.layers=2 -D model.feedForward=64"
    several="-D trajectories.count=2 -D train.sequence=8000 -D train.steps=4 -D model.hidden=32 -D model.layers=2 -D model.feedForward=64"
    histories="$few -D trajectories.count=12 -D train.sequence=960 -D rollout.trials=4"
    acting="-D rollout.seeds=4 -D rollout.trials=2"
    rooms_acting="-D rollout.seeds=4 -D rollout.trials=6"
    contexts="0 1 5"
    ;;
  gpu)
    if ! find_gpus; then
      echo "$0: no GPU on this machine" >&2
      exit 2
    fi
    place=${count}x$model
    device="-D device.kind=cuda"
    episodes=2000
    rooms=
    few=
    several=
    histories=
    acting="-D rollout.seeds=64 -D rollout.trials=4"
    rooms_acting="-D rollout.seeds=64 -D rollout.trials=100"
    contexts="0 1 7 31 99"
    ;;
  *)
    echo "usage: $0 cpu|gpu [STEP...]" >&2
    exit 2
    ;;
esac
record=${RECORD:-validation/paper/$place/rl}
runs=$record/runs
mkdir -p "$runs" || exit 1
