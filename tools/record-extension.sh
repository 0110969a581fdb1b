#!/bin/sh
# Trains a small model on 2K tokens and extends it to 32K in several ways, on one GPU; keeps held-out losses by position, before and
# after each extension, and one plot of them in validation/gpu/<n>x<model>-extension/ or $RECORD.
# usage: tools/record-extension.sh FOLDER [EXTENSION], the text: source files with this extension, py by default, such as those of a large
#        Python package
# Exit status: 0 all passed, or no GPU here; 1 some run failed; 2 no such folder.
# shellcheck disable=SC2046,SC2086,SC2089,SC2090 # lists of words; quotes are TOML's
set -u
cd "$(dirname "$0")/.." || exit 1
text=${1:?a folder of source files is needed}
[ -d "$text" ] || { echo "$0: $text: no such folder" >&2; exit 2; }

. tools/recording.sh
if ! find_gpus; then
  echo "extension: NOT CHECKED: no GPU"
  exit 0
fi
record=${RECORD:-validation/gpu/1x$model-extension}
runs=$record/runs
mkdir -p "$runs" || exit 1

small="inputs/extend-small.toml -D data.path=$text -D data.extensions=[\"${2:-py}\"]"
long="-D train.sequence=32768 -D train.batch=4 -D train.steps=60 -D train.warmupSteps=5 -D train.learningRate=3e-4"
ways="none theta linear llama3 yarn"
scaled="-D model.ropeFactor=16"
original="-D model.ropeOriginalContext=2048"
keys() { # WAY
  case $1 in
    none) ;;
    theta) echo "-D model.ropeTheta=500000" ;;
    linear) echo "-D model.ropeScaling=linear $scaled" ;;
    llama3) echo "-D model.ropeScaling=llama3 $scaled $original" ;;
    yarn) echo "-D model.ropeScaling=yarn $scaled $original" ;;
  esac
}
evaluate() { # NAME WEIGHTS WAY
  keep "$1" 1 evaluate $small $long $(keys "$3") -D "checkpoint.resume=$2"
}

keep base 1 train $small
for way in $ways; do evaluate "before-$way" "$scratch/base" "$way" & done
wait
for way in $ways; do
  keep "train-$way" 1 train $small $long $(keys "$way") -D "checkpoint.weights=$scratch/base" &
done
wait
for way in $ways; do evaluate "after-$way" "$scratch/train-$way" "$way" & done
wait
"${PYTHON:-python3}" validation/extension/plot.py "$runs" $ways >"$record/loss_by_position.svg" || note plot FAILED

finish extension "$record"
