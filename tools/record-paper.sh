#!/bin/sh
# Measures the paper's tables on this machine and keeps each run in a folder: validation/paper/cpu/<table>/, with GPUs
# validation/paper/<n>x<model>/<table>/, or $RECORD/<table>/. Then tools/results-page.sh shows them in docs/results.md.
# Steps add to the folder, so that they can be run one call at a time; a step run again replaces its own results.
# usage: tools/record-paper.sh cpu|gpu [STEP...]        (make paper-cpu, make paper-gpu)
#   machine context context-7b mfu overlap memory scaling plan retrieval rl   (default: all; context-7b and retrieval are for GPUs)
# Exit status: 0 all passed; 1 some step failed; 2 there is nothing to measure on.
set -u
cd "$(dirname "$0")/.." || exit 1
. tools/recording.sh

kind=${1-}
if [ $# -gt 0 ]; then shift; fi
case $kind in
  cpu)
    count=4
    place=cpu
    suffix=-cpu
    all="machine context mfu overlap memory scaling plan rl"
    ;;
  gpu)
    if ! find_gpus; then
      echo "$0: no GPU on this machine; make paper-cpu measures what CPU ranks can show" >&2
      exit 2
    fi
    place=${count}x$model
    suffix=
    all="machine context context-7b mfu overlap memory scaling plan retrieval rl"
    ;;
  *)
    echo "usage: $0 cpu|gpu [STEP...]" >&2
    exit 2
    ;;
esac
steps=${*:-$all}
record=${RECORD:-validation/paper/$place}
mkdir -p "$record" || exit 1
runs=$record

# For the page also what was run and when: logs have no date, and not all of them have a command.
table() { # NAME RANKS ARGUMENTS...
  keep "$@"
  kept=$runs/$1
  ranks=$2
  shift 2
  {
    echo "command  ringattention $*"
    echo "ranks    $ranks"
    echo "program  $(bin/ringattention --version 2>/dev/null | tail -n 1)"
    echo "date     $(date -u +%Y-%m-%d)"
  } >"$kept/run.txt"
}

machine() {
  {
    if [ "$kind" = gpu ]; then
      nvidia-smi --query-gpu=name,memory.total,clocks.max.sm,driver_version --format=csv,noheader | sort | uniq -c | sed 's/^ *//'
      nvidia-smi topo -m 2>/dev/null | grep -v = | sed 's/\x1b\[[0-9;]*m//g; /^[[:space:]]*$/d'
    fi
    lscpu | grep -E '^(Model name|CPU\(s\)|L2 cache|L3 cache)'
    grep MemTotal /proc/meminfo
    uname -sr
  } >"$record/machine.txt"
}

# A cap is the memory that all architectures get; the CPU ranks' leaves a small model little room.
context() {
  if [ "$kind" = cpu ]; then
    table context "$count" bench context inputs/paper-context-cpu.toml --memory-cap 3MiB
    table context-8-ranks 8 bench context inputs/paper-context-cpu.toml --memory-cap 2.5MiB \
      -D 'benchContext.architectures=["blockwise", "ring"]'
  else
    table context "$count" bench context inputs/paper-context.toml --memory-cap 18GiB
    # scores of fp32 attention have tiles of half a GiB: with fewer blocks, sequences are long enough for them to be little
    table context-fp32 "$count" bench context inputs/paper-context.toml --memory-cap 18GiB -D device.precision=fp32 \
      -D 'benchContext.layers=[22, 10, 4, 2]'
  fi
}

for step in $steps; do
  case $step in
    machine) machine ;;
    context) context ;;
    context-7b)
      if [ "$kind" = gpu ]; then
        table context-7b "$count" bench context inputs/paper-context-7b.toml --memory-cap 80GiB
        table context-7b-fp32 "$count" bench context inputs/paper-context-7b.toml --memory-cap 80GiB -D device.precision=fp32
      else
        echo "context-7b: NOT CHECKED: no room for 7B on CPU ranks"
      fi
      ;;
    mfu | memory | scaling) table "$step" "$count" bench "$step" "inputs/paper-$step$suffix.toml" ;;
    overlap)
      # two ranks show an exchange; more would share this machine's cores
      if [ "$kind" = cpu ]; then ranks=2; else ranks=$count; fi
      if [ "$ranks" -gt 1 ]; then
        table overlap "$ranks" bench overlap "inputs/paper-overlap$suffix.toml"
      else
        echo "overlap: NOT CHECKED: one GPU"
      fi
      ;;
    plan)
      table plan 1 plan --paper
      table plan-compare 1 plan --hardware h200 --compare validation/gpu/2xH200/runs
      ;;
    retrieval)
      if [ "$kind" = cpu ]; then
        echo "retrieval: NOT CHECKED: the task is learned on GPUs"
      elif ! RECORD=$record/retrieval tools/record-retrieval.sh gpu; then
        echo retrieval >>"$scratch/failed"
      fi
      ;;
    rl) if ! RECORD=$record/rl tools/record-rl.sh "$kind"; then echo rl >>"$scratch/failed"; fi ;;
    *)
      echo "$0: no step $step" >&2
      echo "$step" >>"$scratch/failed"
      ;;
  esac
done

finish "The paper's tables" "$record"
