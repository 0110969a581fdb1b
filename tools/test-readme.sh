#!/bin/bash
# Runs the commands of README.md as they stand there, in a clone of its own, and names those that it cannot run and why. A line
# that it does not know fails, so that whoever adds a command decides. Root and two cores are enough; ten minutes on those.
# usage: tools/test-readme.sh [--list]        (make test-readme; --list: only says what it would do with every line)
set -eu -o pipefail
repository=$(dirname "$(dirname "$(readlink -f "$0")")")
listing=${1:-}

# the lines of code blocks, those that end with a backslash joined with the next, without comments and answers of the program
commands() {
  sed -n 's/^    //p' "$1" | sed -E ':more; /\\$/ { N; s/\\\n */ /; b more }' |
    sed -E 's/[[:space:]]+#.*//; /^(step +[0-9]|held-out loss|VALID: )/d'
}

# what_to_do LINE: run, the words why not, or "input" for a line of mine.toml
what_to_do() {
  case $1 in
    "make run" | *"outputs/tutorial-NAME/"* | *" mine.toml"* | "bin/ringattention export outputs/mine "*) echo run ;;
    "sh bin/cuda-libraries.sh") echo run ;;
    "make test") echo "not run: the tests are what runs this" ;;
    "tar "* | "bin/mpirun -np 2 bin/ringattention train inputs/tutorial.toml") echo "not run: of the bundle, see make bundle" ;;
    "sbatch "* | *JOBID*) echo "not run: needs Slurm, see make test-slurm" ;;
    "bin/ringattention plan inputs/llama3-8b-256k.toml "*) echo "not run: needs the weights of Llama 3" ;;
    "model.checkpoint = "* | "data = "* | "train = "* | "checkpoint.every = "* | "output.model = "*) echo input ;;
    *) echo unknown ;;
  esac
}

lines=$(commands "$repository/README.md")
[ "$(grep -c . <<<"$lines")" -gt 15 ] || { echo "test-readme: README.md has too few commands" >&2; exit 1; }
while read -r line; do
  todo=$(what_to_do "$line")
  printf '%-10s %s\n' "${todo%%:*}" "$line"
  [ "$todo" != unknown ] || { echo "test-readme: what is to be done with: $line" >&2; exit 1; }
done <<<"$lines"
[ "$listing" != --list ] || exit 0

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
git clone -q "$repository" "$scratch/clone"
cd "$scratch/clone"

while read -r line; do
  case $(what_to_do "$line") in
    input) echo "${line/sequence = 131072/sequence = 256}" >>mine.toml ;; # what two cores can do
    run)
      command=$line
      if [[ $line == *tutorial-NAME* ]]; then
        folder=$(ls -d outputs/tutorial-*)
        command=${line//outputs\/tutorial-NAME/$folder}
      elif [[ $line == *" mine.toml"* && ! -d llama ]]; then # a small Llama and texts, before the first command that needs them
        mkdir texts
        seq 1 20000 | sed 's/.*/the cat sat on the mat &/' >texts/numbers.txt
        bin/ringattention train inputs/tutorial.toml -o "$scratch/small" --quiet -D train.steps=1 -D train.warmupSteps=0 \
          -D train.sequence=128 -D model.hidden=16 -D model.headSize=16 -D model.feedForward=32 -D model.layers=1 \
          -D data.path=texts -D 'data.extensions=["txt"]' -D data.tokenizer="$repository/src/test/resources/tokenizers/words" \
          -D validation.fraction=0 -D output.model=fp32
        cp -r "$scratch/small/model" llama
      fi
      echo "== $command"
      bash -e -c "$command" >"$scratch/printed" 2>&1 </dev/null || {
        tail -n 20 "$scratch/printed" >&2
        echo "test-readme: exit code $?: $command" >&2
        exit 1
      }
      tail -n 2 "$scratch/printed"
      ;;
  esac
done <<<"$lines"
[ -s model-450/model.safetensors ] || { echo "test-readme: no model-450" >&2; exit 1; }
echo "test-readme: all commands of README.md that run here have run"
