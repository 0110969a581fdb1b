#!/bin/sh
# Sourced by tools/record-gpu.sh and tools/record-paper.sh: runs the program and keeps what it wrote, each run in a folder.
# They set $runs, which has these folders. Checkpoints and the like are in a folder of their own: $SCRATCH, which stays, or a new one.
if [ -n "${SCRATCH-}" ]; then
  scratch=$SCRATCH
  mkdir -p "$scratch" || exit 1
else
  scratch=$(mktemp -d) || exit 1
  trap 'rm -rf "$scratch"' EXIT
fi
: >"$scratch/failed"

# Sets $count GPUs, those that are visible, of $model, for example H200; not if there is none.
find_gpus() {
  gpus=$(nvidia-smi --query-gpu=name --format=csv,noheader 2>/dev/null) || gpus=
  if [ -z "$gpus" ]; then return 1; fi
  count=$(echo "$gpus" | wc -l)
  if [ -n "${CUDA_VISIBLE_DEVICES+set}" ]; then
    count=$(. bin/cuda-libraries.sh && visible_gpus "$count")
    if [ "$count" = 0 ]; then return 1; fi
  fi
  # shellcheck disable=SC2034 # for those who source this
  model=$(echo "$gpus" | sed -n '1s/^NVIDIA //; 1s/[ -].*//; 1p')
}

note() { # STEP VERDICT
  echo "$1: $2"
  if [ "$2" != PASSED ]; then echo "$1" >>"$scratch/failed"; fi
}

keep_files() { # FROM TO
  mkdir -p "$2"
  for file in "$1"/*.csv "$1"/plots/*.png "$1"/summary.json "$1"/used_inputs.toml; do
    if [ -f "$file" ]; then cp "$file" "$2/"; fi
  done
}

# Runs the program and keeps its log, its tables, its summary and its plots under a name. Exit code 0 is wanted, or $allowed.
keep() { # NAME RANKS ARGUMENTS...
  name=$1
  ranks=$2
  shift 2
  out=${scratch:?}/$name
  rm -rf "$out"
  began=$(date +%s)
  if [ "$ranks" = 1 ]; then
    bin/ringattention "$@" -o "$out" >"$out.log" 2>&1
  else
    tools/mpirun.sh -np "$ranks" bin/ringattention "$@" -o "$out" >"$out.log" 2>&1
  fi
  status=$?
  rm -rf "${runs:?}/$name"
  mkdir -p "$runs/$name"
  cp "$out.log" "$runs/$name/output.log"
  keep_files "$out" "$runs/$name"
  for stage in "$out"/stage-*; do
    if [ -d "$stage" ]; then keep_files "$stage" "$runs/$name/${stage##*/}"; fi
  done
  echo "$name: $(($(date +%s) - began)) s, $(tail -n 1 "$out.log")"
  if [ "$status" = 0 ] || [ "$status" = "${allowed-0}" ]; then note "$name" PASSED; else note "$name" "FAILED (exit $status)"; fi
}

# Says whether all steps have passed, and ends.
finish() { # WHAT FOLDER
  failed=$(tr '\n' ' ' <"$scratch/failed")
  if [ -n "$failed" ]; then
    echo "$1: FAILED: $failed($2)"
    exit 1
  fi
  echo "$1: PASSED ($2)"
}
