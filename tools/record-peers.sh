#!/bin/sh
# Measures this program beside PyTorch's context parallelism on the GPUs of this host, in one run, and keeps the record in
# validation/peers/<n>x<model>/ or $RECORD: peers.csv, machine.txt, versions.txt, and a folder of each run. Takes eight
# minutes at most (--minutes). Then tools/results-page.sh shows the record in README.md and docs/results.md.
# usage: tools/record-peers.sh [OPTIONS of validation/peers/compare.py]
# $PYTHON is a Python with PyTorch 2.6 or newer and CUDA; without it python3.
# Exit status: 0 everything was measured; 1 a run failed or had no time; 2 there is nothing to measure on.
set -u
cd "$(dirname "$0")/.." || exit 1
. tools/recording.sh
python=${PYTHON:-python3}

if ! find_gpus || [ "$count" -lt 2 ]; then
  echo "$0: needs two or more GPUs of one host" >&2
  exit 2
fi
if ! command -v "$python" >/dev/null; then
  echo "$0: no $python; set PYTHON to a Python with PyTorch 2.6 or newer" >&2
  exit 2
fi
record=${RECORD:-validation/peers/${count}x$model}
mkdir -p "$record" || exit 1

"$python" -B validation/peers/compare.py --out "$record" "$@"
status=$?
if [ "$status" = 2 ]; then
  rmdir "$record" 2>/dev/null
  exit 2
fi
{
  echo "program     $(bin/ringattention --version 2>/dev/null | tail -n 1)"
  echo "driver      $(nvidia-smi --query-gpu=driver_version --format=csv,noheader | sed -n 1p)"
  nvidia-smi --query-gpu=name,memory.total,clocks.max.sm --format=csv,noheader | sort | uniq -c | sed 's/^ */GPUs        /'
  echo "host        $(grep -m 1 'model name' /proc/cpuinfo | sed 's/.*: //'), $(env -u OMP_NUM_THREADS -u OMP_THREAD_LIMIT nproc) cores, $(uname -sr)"
  nvidia-smi topo -m 2>/dev/null | grep -v = | sed 's/\x1b\[[0-9;]*m//g; /^[[:space:]]*$/d'
  echo "PyTorch     versions.txt"
  echo "command     tools/record-peers.sh $*"
  echo "date        $(date -u +%Y-%m-%d)"
} >"$record/machine.txt"
if [ "$status" = 0 ]; then note peers PASSED; else note peers "FAILED (exit $status)"; fi
finish "Peers" "$record"
