#!/bin/sh
# Shows what the newest run of the tutorial has learned: its model goes on with a part of a source file of this program,
# which is not among the libraries' sources that it was trained on.
# usage: tools/continue.sh RANKS
set -eu
cd "$(dirname "$(dirname "$(readlink -f "$0")")")"
model=$(ls -td outputs/tutorial-*/model | head -n 1)
prompt=build/continue.txt
log=build/continue.log
sed -n '/^public/,$p' src/main/java/ringattention/attention/RingAttention.java | head -c 1200 >"$prompt"
rm -rf build/continue
tools/mpirun.sh -np "$1" bin/ringattention generate inputs/generate.toml -D model.checkpoint="$model" \
  -D generate.prompts="$prompt" -D generate.ignoreEnd=true -o build/continue >"$log" 2>&1 </dev/null || {
  tail -n 3 "$log" >&2
  exit 1
}
echo
echo "A continuation of held-out text by the model just trained ($model), from >>> on:"
echo
tail -n 4 "$prompt" | sed 's/^/    /'
sed -n '/^Generation$/,/^Checks$/p' "$log" | sed '1,2d; $d' | sed '1s/^/>>>/; 2,$s/^/    /'
