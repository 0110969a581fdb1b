#!/bin/bash
# Writes docs/tour.md: a new user's path, each command run in a clone of its own as it stands there. Five minutes on 2 cores.
# usage: tools/tour.sh >docs/tour.md
set -eu -o pipefail
repository=$(dirname "$(dirname "$(readlink -f "$0")")")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"

# say TEXT...: a paragraph
say() { printf '%s\n\n' "$@"; }

# run COMMAND [FIRST LAST [EXIT-CODE]]: shows the command, and of what it prints so many lines of the beginning and of the end
run() {
  local first=${2:-40} last=${3:-0} expected=${4:-0} status=0 lines
  printf '    $ %s\n' "$1"
  bash -c "$1" >"$scratch/raw" 2>&1 || status=$?
  sed -E "s/\x1b\[[0-9;]*m//g; s|$scratch|~|g; s/[[:space:]]+\$//" "$scratch/raw" >"$scratch/printed"
  lines=$(wc -l <"$scratch/printed")
  if ((lines <= first + last + 1)); then
    sed 's/^./    &/' "$scratch/printed"
  else
    head -n "$first" "$scratch/printed" | sed 's/^./    &/'
    echo "    [$((lines - first - last)) lines]"
    tail -n "$last" "$scratch/printed" | sed 's/^./    &/'
  fi
  if ((status != expected)); then
    echo "tour: exit code $status, not $expected: $1" >&2
    tail -n 5 "$scratch/printed" >&2
    exit 1
  fi
  if ((status)); then echo "    exit code $status"; fi
  echo
}

say "# A tour" \
  "Written by \`tools/tour.sh\`, which ran every command below on $(nproc) CPU cores and shortened what they print: \`[N lines]\` stands for what was left
out. Times are those of that machine, which others used too. Colours, blanks at the ends of lines and the folder above the clone (here \`~\`) apart, nothing was changed."

say "## Get it and run it"
printf '    $ git clone REPOSITORY ringattention\n    $ cd ringattention\n'
git clone -q "$repository" ringattention
cd ringattention
run "make run" 6 32
say "The tutorial has trained, its checks have passed, and its model has continued a text that it has not seen."

say "## Your own text, as JSON lines"
run "seq 1 3000 | awk '{ print \"{\\\"text\\\": \\\"\" \$1 \" times \" \$1 + 1 \" is \" \$1 * (\$1 + 1) \".\\\"}\" }' > mine.jsonl"
run "head -n 2 mine.jsonl"
cat >mine.toml <<'END'
model = { hidden = 64, layers = 2, heads = 2 }
train = { sequence = 1024, steps = 120, learningRate = 3e-3 }
data = { path = "mine.jsonl", format = "jsonl" }
checkpoint.every = 20
device.threads = 1
END
run "cat mine.toml"
run "bin/ringattention show-data mine.toml -n 1" 12 4
run "bin/ringattention plan mine.toml --quite" 3 0 2
run "bin/ringattention plan mine.toml" 4 6
run "bin/ringattention plan mine.toml -D train.steps=many" 3 0 2

say "## Killed and resumed"
printf '    $ bin/mpirun -np 2 bin/ringattention train mine.toml -o outputs/mine --quiet &\n'
bin/mpirun -np 2 bin/ringattention train mine.toml -o outputs/mine --quiet >"$scratch/killed" 2>&1 &
for ((wait = 0; wait < 1200; wait++)); do
  if [ -e outputs/mine/steps.csv ] && (($(wc -l <outputs/mine/steps.csv) > 45)); then break; fi
  sleep 0.1
done
rank=$(grep -o '[0-9]*' outputs/mine/run.lock | head -n 1)
printf '    $ kill -KILL %s    # rank 0, as outputs/mine/run.lock names it\n' "$rank"
kill -KILL "$rank"
status=0
wait $! || status=$?
sed 's/^./    &/' "$scratch/killed"
printf '    exit code %s\n\n' "$status"
run "bin/ringattention status outputs/mine"
run "bin/mpirun -np 2 bin/ringattention train mine.toml -o outputs/mine --resume" 3 5
run "grep 'resumed' outputs/mine/run.log"

say "## The same without the kill" "Losses are equal to the bit, on as many ranks."
run "bin/mpirun -np 2 bin/ringattention train mine.toml -o outputs/whole --quiet"
run "bin/ringattention compare outputs/mine outputs/whole" 6 3

say "## Export, and an answer"
run "bin/ringattention export outputs/mine -o model-mine" 3 2
run "ls model-mine"
run "bin/mpirun -np 2 bin/ringattention generate inputs/generate.toml -D model.checkpoint=model-mine -D generate.ignoreEnd=true -D generate.maxNewTokens=40 --prompt '21 times 22 is '" 2 16

say "## Curves"
run "ls outputs/mine outputs/mine/plots outputs/mine/tensorboard"
printf '%s\n' "The plots are drawn again while a run goes on; \`tensorboard --logdir outputs\` shows all runs."
