#!/bin/sh
# Trains a few steps on 2 ranks with a made corpus of 20 GB of tokens in Megatron's format, in ten million documents, of which it
# keeps some out, and fails if a rank was ever larger than 1 GiB. The file of tokens has no blocks on the disk: they are all 0.
# usage: tools/test-large.sh [GIGABYTES]        (make test-large: 20)
set -eu
cd "$(dirname "$0")/.."
gigabytes=${1:-20}
most=1048576 # KiB
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

"${PYTHON:-python3}" - "$folder/corpus" "$gigabytes" <<'PYTHON'
import array, struct, sys

prefix, documents, length = sys.argv[1], int(sys.argv[2]) * 500_000, 1000  # tokens of 2 bytes
with open(prefix + ".bin", "wb") as tokens:
    tokens.truncate(documents * length * 2)
with open(prefix + ".idx", "wb") as index:
    index.write(b"MMIDIDX\0\0" + struct.pack("<QBQQ", 1, 8, documents, documents + 1))
    array.array("i", [length]).__mul__(documents).tofile(index)
    array.array("q", range(0, documents * length * 2, length * 2)).tofile(index)
    array.array("q", range(documents + 1)).tofile(index)
PYTHON

cat >"$folder/large.toml" <<TOML
data = { path = "$folder/corpus", format = "megatron", cache = "$folder/cache" }
validation = { fraction = 0.01, sequences = 4 }
model = { hidden = 32, heads = 2, layers = 2, feedForward = 64, vocabulary = 256 }
train = { sequence = 1024, steps = 20 }
device.kind = "cpu"
TOML

# what a rank had at most, as Linux counts it, is gone with its process: it is asked for all the time
tools/mpirun.sh -np 2 bin/ringattention train "$folder/large.toml" -o "$folder/run" &
job=$!
peak=0
while kill -0 "$job" 2>/dev/null; do
  for status in /proc/[0-9]*/status; do
    if tr '\0' ' ' <"${status%status}cmdline" 2>/dev/null | grep -q "ringattention.Main train $folder/large.toml"; then
      kib=$(awk '/^VmHWM/ { print $2 }' "$status" 2>/dev/null || true)
      [ "${kib:-0}" -le "$peak" ] || peak=$kib
    fi
  done
  sleep 1
done
wait "$job" || {
  echo "test-large: the run failed" >&2
  exit 1
}
echo "largest rank: $peak KiB resident beside a corpus of $gigabytes GB"
if [ "$peak" -eq 0 ] || [ "$peak" -gt "$most" ]; then
  echo "test-large: not passed: more than $most KiB, or not seen" >&2
  exit 1
fi
