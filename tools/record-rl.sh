#!/bin/sh
# In-context reinforcement learning, the paper's table 5 in the small, on this machine: collects episodes, trains, lets the models act, and
# keeps tables, logs and plots in validation/paper/<n>x<model>/rl/, validation/paper/cpu/rl/ or $RECORD.
# usage: tools/record-rl.sh cpu|gpu [STEP...]
#   collect       episodes of cartpole swing-up, and histories of dark rooms, of keys and doors
#   methods       BC of the best tenth, DT, AT, for each of $SEEDS (default: 1 2 3), and their roll-outs; bc, dt, at: one of them
#   long          AT with 128 trajectories over all GPUs; needs two
#   rooms         whole histories of dark rooms, and roll-outs in rooms never seen with 0 to all earlier trials in context
#   doors         the same of keys and doors, from the weights of rooms
#   memory        steps of the paper's 350M shape under 24 GiB: which number of trajectories fits with which attention
#   tables        returns.csv, context.csv and their plot (default: all but long)
#   Steps behind collect may be called side by side, but doors after rooms.
#   SCRATCH=FOLDER keeps episodes and models, so that steps can be taken in several calls
# Exit status: 0 all passed; 1 some step failed; 2 there is nothing to measure on.
# shellcheck disable=SC2086 # lists of options are words
set -u
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tools/recording.sh
. tools/recording.sh

kind=${1-}
if [ $# -gt 0 ]; then shift; fi
steps=${*:-collect methods rooms doors memory tables}
seeds=${SEEDS:-1 2 3}
case $kind in
  cpu) # the same way with few episodes, small models and few steps
    count=2
    place=cpu
    device="-D device.kind=cpu"
    episodes=64
    rooms="-D collect.tasks=16 -D collect.histories=2 -D collect.episodes=12"
    doors="-D collect.tasks=16 -D collect.episodes=6"
    few="-D train.steps=60 -D train.batch=16 -D train.learningRate=3e-3 -D train.warmupSteps=5 -D model.hidden=32 -D model.layers=2 -D model.feedForward=64"
    several="-D trajectories.count=2 -D train.sequence=8000 -D train.steps=4 -D model.hidden=32 -D model.layers=2 -D model.feedForward=64"
    histories="$few -D train.batch=4"
    of_rooms="-D trajectories.count=12 -D train.sequence=960"
    of_doors="-D trajectories.count=6 -D train.sequence=1200"
    acting="-D rollout.seeds=4 -D rollout.trials=2"
    acting_in_context="-D rollout.seeds=4 -D rollout.trials=6"
    contexts="5 0 1"
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
    doors=
    few=
    several=
    histories=
    of_rooms=
    of_doors="-D trajectories.count=20 -D train.sequence=4000 -D train.batch=16 -D train.steps=4000"
    acting="-D rollout.seeds=64 -D rollout.trials=4"
    acting_in_context="-D rollout.seeds=68 -D rollout.trials=20" # four times every room that is in no history
    contexts="19 0 1 3 9"
    ;;
  *)
    echo "usage: $0 cpu|gpu [STEP...]" >&2
    exit 2
    ;;
esac
record=${RECORD:-validation/paper/$place/rl}
runs=$record/runs
mkdir -p "$runs" || exit 1

# Trains for one method and seed, and lets the model act.
method() { # NAME INPUT SEED EPISODES TRAINING... -- ACTING...
  trained=$1-$3
  input=inputs/rl/$2.toml
  seed=$3
  data=$4
  shift 4
  training=
  while [ "$1" != -- ]; do
    training="$training $1"
    shift
  done
  shift
  keep "train-$trained" 1 train "$input" $device $training -D "data.path=$data" -D "train.seed=$seed" -D output.plots=false \
    -D checkpoint.atEnd=true -D checkpoint.every=0
  keep "act-$trained" 1 evaluate "$input" $device $training -D "data.path=$data" -D "checkpoint.resume=$scratch/train-$trained" "$@"
}

collect() {
  keep collect-cartpole 1 collect inputs/collect.toml -D "collect.episodes=$episodes"
  keep collect-rooms 1 collect inputs/rl/dark-room.toml $rooms
  keep collect-doors 1 collect inputs/rl/key-to-door.toml $doors
}

# Cartpole: roll-outs of all methods are of as many seeds and trials, and ask for what the best collected episode has, and a little more.
cartpole="-D rollout.environment=cartpole $acting"

bc() {
  for seed in $seeds; do method bc bc "$seed" "$scratch/collect-cartpole" $few -- $cartpole -D rollout.contextSteps=20; done
}

dt() {
  for seed in $seeds; do
    method dt dt "$seed" "$scratch/collect-cartpole" $few -- $cartpole -D rollout.contextSteps=20 -D rollout.target=700
  done
}

at() {
  for seed in $seeds; do method at at "$seed" "$scratch/collect-cartpole" $several -- $cartpole -D rollout.target=700; done
}

methods() {
  bc
  dt
  at
}

long() {
  keep train-at128-1 "$count" train inputs/rl/at.toml $device -D "data.path=$scratch/collect-cartpole" -D trajectories.count=128 \
    -D train.sequence=512000 -D train.seed=1 -D output.plots=false -D checkpoint.atEnd=true -D checkpoint.every=0
  keep act-at128-1 "$count" evaluate inputs/rl/at.toml $device -D "data.path=$scratch/collect-cartpole" -D trajectories.count=128 \
    -D train.sequence=512000 -D "checkpoint.resume=$scratch/train-at128-1" -D rollout.environment=cartpole $acting -D rollout.target=700
}

# Whole histories; then tasks that are in none. The model is one; what it is let to see of earlier trials differs.
in_context() { # NAME ENVIRONMENT FIRST-TASK TASKS TRAINING...
  histories_of=$1
  acting_where="-D rollout.environment=$2 -D rollout.firstTask=$3 -D rollout.tasks=$4"
  shift 4
  learned="$device $histories $* -D data.path=$scratch/collect-$histories_of"
  keep "train-$histories_of" 1 train inputs/rl/histories.toml $learned -D output.plots=false -D checkpoint.atEnd=true -D checkpoint.every=0
  for earlier in $contexts; do
    keep "act-$histories_of-$earlier" 1 evaluate inputs/rl/histories.toml $learned -D "checkpoint.resume=$scratch/train-$histories_of" $acting_where \
      -D rollout.sampled=true $acting_in_context -D "rollout.contextTrials=$earlier"
  done
}

rooms() {
  in_context rooms dark-room 64 17 $of_rooms
}

doors() {
  in_context doors dark-key-to-door 6000 500 $of_doors -D "checkpoint.weights=$scratch/train-rooms"
}

# By real steps of 350M weights in fp32: exit code 2 and "does not fit" is what the plan says against the memory there is.
memory() {
  echo "attention,feed_forward,trajectories,ranks,result" >"$record/memory.csv"
  if [ "$kind" = cpu ]; then
    shape="$few -D train.batch=1"
    cap="--memory-cap 12MiB"
    numbers="1 4"
  else
    shape="-D model.hidden=1024 -D model.layers=24 -D model.heads=16 -D model.feedForward=2736 -D device.precision=fp32"
    cap="--memory-cap 24GiB"
    numbers="32 128"
  fi
  for kinds in memory-efficient,full memory-efficient,blockwise ring,blockwise; do
    attention=${kinds%,*}
    ranks=1
    if [ "$attention" = ring ]; then ranks=$count; fi
    if [ "$attention" = ring ] && [ "$ranks" = 1 ]; then continue; fi
    for number in $numbers; do
      log=$scratch/memory-$attention-${kinds#*,}-$number.log
      tools/mpirun.sh -np "$ranks" bin/ringattention train inputs/rl/at.toml $device $shape $cap -D "attention.kind=$attention" \
        -D "feedForward.kind=${kinds#*,}" -D "trajectories.count=$number" -D "train.sequence=$((number * 4000))" \
        -D train.steps=1 -D train.warmupSteps=0 -D "data.path=$scratch/collect-cartpole" -D output.plots=false \
        -D checkpoint.every=0 -o "$scratch/memory-$attention-${kinds#*,}-$number" >"$log" 2>&1
      status=$?
      result=
      if [ "$status" = 0 ]; then result=trains; fi
      if [ "$status" = 2 ] && grep -q "does not fit" "$log"; then result="out of memory"; fi
      if [ -z "$result" ]; then
        cp "$log" "$record/"
        note "memory-$attention-$number" "FAILED (exit $status)"
      fi
      echo "$attention,${kinds#*,},$number,$ranks,${result:-failed}" >>"$record/memory.csv"
    done
  done
}

tables() {
  "${PYTHON:-python3}" validation/rl/table.py returns "$runs" >"$record/returns.csv" || note returns FAILED
  "${PYTHON:-python3}" validation/rl/table.py context "$runs" >"$record/context.csv" || note context FAILED
  for name in rooms doors; do
    "${PYTHON:-python3}" validation/rl/table.py plot "$record/context.csv" "$name" >"$record/context-$name.svg" || note plot FAILED
  done
}

for step in $steps; do
  case $step in
    collect | methods | bc | dt | at | long | rooms | doors | memory | tables) $step ;;
    *) echo "$0: no step $step" >&2; echo "$step" >>"$scratch/failed" ;;
  esac
done
finish rl "$record"
