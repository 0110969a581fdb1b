#!/bin/sh
# Measures the paper's tables on this machine and keeps each run in a folder: validation/paper/cpu/<table>/, with GPUs
# validation/paper/<n>x<model>/<table>/, or $RECORD/<table>/. Then tools/results-page.sh shows them in docs/results.md.
# Steps add to the folder, so that they can be run one call at a time; a step run again replaces its own results.
# usage: tools/record-paper.sh cpu|gpu [STEP...]        (make paper-cpu, make paper-gpu)
#   machine context context-7b mfu overlap memory scaling plan   (default: all; context-7b is for GPUs)
# Exit status: 0 all passed; 1 some step failed; 2 there is nothing to measure on.
set -u
cd "$(dirname "$0")/.." || exit 1

kind=${1-}
if [ $# -gt 0 ]; then shift; fi
case $kind in
  cpu)
    count=4
    place=cpu
    suffix=-cpu
    all="machine context mfu overlap memory scaling plan"
    ;;
  gpu)
    gpus=$(nvidia-smi --query-gpu=name --format=csv,noheader 2>/dev/null) || gpus=
    if [ -z "$gpus" ]; then
      echo "$0: no GPU on this machine; make paper-cpu measures what CPU ranks can show" >&2
      exit 2
    fi
    count=$(echo "$gpus" | wc -l)
    if [ -n "${CUDA_VISIBLE_DEVICES-}" ]; then count=$(echo "$CUDA_VISIBLE_DEVICES" | tr ',' '\n' | wc -l); fi
    model=$(echo "$gpus" | sed -n '1s/^NVIDIA //; 1s/[ -].*//; 1p')
    place=${count}x$model
    suffix=
    all="machine context context-7b mfu overlap memory scaling plan"
    ;;
  *)
    echo "usage: $0 cpu|gpu [STEP...]" >&2
    exit 2
    ;;
esac
steps=${*:-$all}
record=${RECORD:-validation/paper/$place}
mkdir -p "$record" || exit 1
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
failed=

note() { # STEP VERDICT
  echo "$1: $2"
  if [ "$2" != PASSED ]; then failed="$failed $1"; fi
}

# Runs the program and keeps its log, its tables, its summary and its plots under a name.
keep() { # NAME RANKS ARGUMENTS...
  name=$1
  ranks=$2
  shift 2
  out=$scratch/$name
  if [ "$ranks" = 1 ]; then
    bin/ringattention "$@" -o "$out" >"$out.log" 2>&1
  else
    tools/mpirun.sh -np "$ranks" bin/ringattention "$@" -o "$out" >"$out.log" 2>&1
  fi
  status=$?
  rm -rf "${record:?}/$name"
  mkdir -p "$record/$name"
  cp "$out.log" "$record/$name/output.log"
  for file in "$out"/*.csv "$out"/plots/*.png "$out"/summary.json "$out"/used_inputs.toml; do
    if [ -f "$file" ]; then cp "$file" "$record/$name/"; fi
  done
  # for the page: logs have no date, and not all of them have a command
  {
    echo "command  ringattention $*"
    echo "ranks    $ranks"
    echo "program  $(bin/ringattention --version 2>/dev/null | tail -n 1)"
    echo "date     $(date -u +%Y-%m-%d)"
  } >"$record/$name/run.txt"
  tail -n 1 "$out.log"
  if [ "$status" = 0 ]; then note "$name" PASSED; else note "$name" "FAILED (exit $status)"; fi
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
    keep context "$count" bench context inputs/paper-context-cpu.toml --memory-cap 3MiB
    keep context-8-ranks 8 bench context inputs/paper-context-cpu.toml --memory-cap 2.5MiB \
      -D 'benchContext.architectures=["blockwise", "ring"]'
  else
    keep context "$count" bench context inputs/paper-context.toml --memory-cap 18GiB
    # scores of fp32 attention have tiles of half a GiB: with fewer blocks, sequences are long enough for them to be little
    keep context-fp32 "$count" bench context inputs/paper-context.toml --memory-cap 18GiB -D device.precision=fp32 \
      -D 'benchContext.layers=[22, 10, 4, 2]'
  fi
}

for step in $steps; do
  case $step in
    machine) machine ;;
    context) context ;;
    context-7b)
      if [ "$kind" = gpu ]; then
        keep context-7b "$count" bench context inputs/paper-context-7b.toml --memory-cap 80GiB
        keep context-7b-fp32 "$count" bench context inputs/paper-context-7b.toml --memory-cap 80GiB -D device.precision=fp32
      else
        echo "context-7b: NOT CHECKED: no room for 7B on CPU ranks"
      fi
      ;;
    mfu | memory | scaling) keep "$step" "$count" bench "$step" "inputs/paper-$step$suffix.toml" ;;
    overlap)
      # two ranks show an exchange; more would share this machine's cores
      if [ "$kind" = cpu ]; then ranks=2; else ranks=$count; fi
      if [ "$ranks" -gt 1 ]; then
        keep overlap "$ranks" bench overlap "inputs/paper-overlap$suffix.toml"
      else
        echo "overlap: NOT CHECKED: one GPU"
      fi
      ;;
    plan)
      keep plan 1 plan --paper
      keep plan-compare 1 plan --hardware h200 --compare validation/gpu/2xH200/runs
      ;;
    *)
      echo "$0: no step $step" >&2
      failed="$failed $step"
      ;;
  esac
done

if [ -n "$failed" ]; then
  echo "The paper's tables: FAILED:$failed ($record)"
  exit 1
fi
echo "The paper's tables: PASSED ($record)"
