#!/bin/sh
# Eight runs at once on this host, a corpus of many small files, and a disk that is full, at every size that a run grows through:
# all must end as they should, with one line. Root only for the disk (a tmpfs of its own); others are told that it was left out.
# usage: tools/test-load.sh [FILES]        (make test-load: 100000; 10 minutes on 2 cores)
set -eu
cd "$(dirname "$0")/.."
files=${1:-100000}
scratch=$(mktemp -d)
disk=$scratch/disk
trap 'umount "$disk" 2>/dev/null || true; rm -rf "$scratch" outputs/load-test-*' EXIT

fail() {
  echo "test-load: $*" >&2
  exit 1
}

# the columns of steps.csv that do not depend on the clock
losses() { cut -d , -f 1-4 "$1/steps.csv"; }

text=$scratch/text.txt
seq 1 20000 >"$text"
input=$scratch/load-test.toml
cat >"$input" <<END
model = { hidden = 16, layers = 1, heads = 2 }
train = { sequence = 64, steps = 40 }
device = { kind = "cpu", threads = 1 }
checkpoint.every = 10
output.model = "fp32"
data.path = "$text"
END
bin/ringattention train "$input" -o "$scratch/alone" --quiet

echo "eight runs at once, of 2 ranks each, in folders that they name themselves"
began=$(date +%s)
pids=
for run in 1 2 3 4 5 6 7 8; do
  tools/mpirun.sh -np 2 bin/ringattention train "$input" --quiet >"$scratch/out-$run" 2>&1 &
  pids="$pids $!"
done
for pid in $pids; do wait "$pid" || fail "a run of eight ended with $?: $(cat "$scratch"/out-*)"; done
count=0
for folder in outputs/load-test-*; do
  grep -q '"verdict" : "VALID"' "$folder/summary.json" || fail "$folder is not valid"
  losses "$folder" | cmp -s - "$scratch/first" 2>/dev/null || { [ $count = 0 ] && losses "$folder" >"$scratch/first"; } ||
    fail "$folder has other losses"
  count=$((count + 1))
done
[ $count = 8 ] || fail "$count folders of eight runs"
[ "$(cat "$scratch"/out-* | wc -l)" = 8 ] || fail "more than one line each: $(cat "$scratch"/out-*)"
echo "  eight VALID, the same losses, one line each, $(($(date +%s) - began)) s"

echo "a corpus of $files files"
mkdir "$scratch/many"
seq 1 "$files" | awk -v to="$scratch/many" '
  $1 % 1000 == 1 { folder = to "/" int($1 / 1000); system("mkdir -p " folder) }
  { file = folder "/" $1 ".txt"; print "File " $1 " has the square " $1 * $1 "." > file; close(file) }'
began=$(date +%s)
tools/mpirun.sh -np 2 bin/ringattention train "$input" -D data.path="$scratch/many" -o "$scratch/many-run" >"$scratch/many.log" 2>&1 ||
  fail "$(tail -n 3 "$scratch/many.log")"
grep -q "^$files documents with " "$scratch/many.log" || fail "not $files documents"
echo "  $(grep '^started in' "$scratch/many.log" | cut -d ';' -f 1), VALID after $(($(date +%s) - began)) s"

echo "a full disk"
mkdir "$disk"
if ! mount -t tmpfs -o size=1m none "$disk" 2>/dev/null; then
  echo "  NOT CHECKED: only root can mount a file system of its own"
  exit 0
fi
umount "$disk"
for size in 4 16 24 32 48 96 200 260 340 420 470 500 540 580 620 660 700; do
  mount -t tmpfs -o size=${size}k none "$disk"
  status=0
  bin/ringattention train "$input" -o "$disk/run" --quiet >"$scratch/full" 2>&1 || status=$?
  sed -i '/^WARNING: /d' "$scratch/full" # plots and curves, without which a run is as good
  [ "$(wc -l <"$scratch/full")" = 1 ] || fail "$size KiB: not one line: $(cat "$scratch/full")"
  case $status in
    0) ;;
    1 | 2) grep -q "cannot write $disk.*No space left on device" "$scratch/full" || fail "$size KiB: $(cat "$scratch/full")" ;;
    *) fail "$size KiB: exit code $status" ;;
  esac
  echo "  $size KiB: exit code $status, $(sed "s|$disk/run/||; s/.*cannot write \([^ ]*\):.*/full at \1/; s/:.*//" "$scratch/full")"
  mount -o remount,size=4m "$disk"
  if [ -e "$disk/run/used_inputs.toml" ]; then
    bin/ringattention train "$input" -o "$disk/run" --resume --quiet >"$scratch/full" 2>&1 || fail "$size KiB: $(cat "$scratch/full")"
    losses "$disk/run" >"$scratch/resumed"
    losses "$scratch/alone" | cmp -s - "$scratch/resumed" || fail "$size KiB: other losses after it was resumed"
  fi
  umount "$disk"
done
