#!/bin/sh
# Measures this machine's CPU ranks and keeps the logs: validation/cpu/<cores>-cores/. Wants an idle machine.
# usage: tools/record-cpu.sh        (make record)
set -eu
cd "$(dirname "$0")/.."
record=validation/cpu/$(env -u OMP_NUM_THREADS -u OMP_THREAD_LIMIT nproc)-cores # nproc alone obeys what OpenMP was told
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
rm -rf "$record"
mkdir -p "$record"

{
  lscpu | grep -E '^(Model name|CPU\(s\)|L2 cache|L3 cache)'
  grep MemTotal /proc/meminfo
  uname -sr
  date -u +%Y-%m-%d
} >"$record/machine.txt"

keep() { # name ranks arguments...
  name=$1
  ranks=$2
  shift 2
  tools/mpirun.sh -np "$ranks" bin/ringattention "$@" -o "$scratch/$name" >/dev/null
  cp "$scratch/$name/run.log" "$record/$name.log"
  for csv in "$scratch/$name"/*.csv; do
    case $name:$csv in
      validate-*) cp "$csv" "$record/$name.csv" ;;
      *:*/checks.csv) ;; # in the log; the run's own table is another
      *) cp "$csv" "$record/$name.csv" ;;
    esac
  done
  tail -n 1 "$record/$name.log"
}

for ranks in 1 2; do
  keep bench-attention-$ranks "$ranks" bench attention inputs/bench.toml
done
keep bench-ring-exchange-2 2 bench ring-exchange inputs/bench.toml
for ranks in 1 2 3 4 8; do
  keep validate-$ranks "$ranks" validate inputs/validate.toml
done
keep tutorial-4 4 train inputs/tutorial.toml
cp "$scratch"/tutorial-4/plots/*.png "$scratch"/tutorial-4/summary.json "$record"
