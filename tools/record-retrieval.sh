#!/bin/sh
# Line retrieval, the paper's figure 3, on this machine's GPUs: trains three models to 16K, 100K and 512K tokens, asks each at all
# lengths, and keeps tables, logs and the plot in validation/paper/<n>x<model>/retrieval/, or $RECORD. On CPU ranks it shows the same
# way with a tiny task and three tiny models: cpu.
# usage: tools/record-retrieval.sh cpu|gpu [STEP...]
#   train long evaluate answers losses architectures ablation tables   (default: all but ablation); SCRATCH=FOLDER keeps the models of
#   train and long, which evaluate, answers and losses need, so that steps can be taken in several calls; RANKS=N in place of one for
#   each GPU, which then share them: shows what is right and what fits, not how fast it is. short: the first model of train, all that
#   losses needs
# Exit status: 0 all passed; 1 some step failed; 2 there is nothing to measure on.
# shellcheck disable=SC2086 # lists of options are words
set -u
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=tools/recording.sh
. tools/recording.sh

kind=${1-}
if [ $# -gt 0 ]; then shift; fi
steps=${*:-train long evaluate answers losses architectures tables}
# What both kinds ask: contexts, questions of each, and lengths.
contexts=10
case $kind in
  cpu)
    count=2
    place=cpu
    questions=4
    many=6
    longest=512
    trained="128 512"
    cap="--memory-cap 6MiB" # in place of a whole GPU
    lengths="128 256 512 1024"
    compared=512
    # the names stay; lengths, model and task are tiny
    tiny="-D device.kind=cpu -D model.hidden=32 -D model.layers=2 -D model.heads=2 -D model.feedForward=64 -D lines.numbers=[0,1] \
      -D lines.growth=3 -D curriculum.gate=0.3 -D curriculum.leastSteps=2 -D train.warmupSteps=5 -D train.learningRate=3e-3 \
      -D output.plots=false"
    short="-D stage.1.sequence=96 -D stage.1.lines.first=2 -D stage.1.lines.questions=2 -D stage.2.sequence=112 -D stage.2.lines.first=2 \
      -D stage.3.sequence=128 -D stage.3.lines.first=2"
    middle="$short -D stage.4.sequence=160 -D stage.4.lines.first=3 -D stage.5.sequence=192 -D stage.5.lines.first=4 \
      -D stage.6.sequence=256 -D stage.6.lines.first=5"
    longer="-D lines.questions=6 -D stage.1.sequence=384 -D stage.2.sequence=512"
    ;;
  gpu)
    if ! find_gpus; then
      echo "$0: no GPU on this machine" >&2
      exit 2
    fi
    place=${count}x$model
    questions=50
    many=1024
    longest=524288
    trained="16384 102400 524288"
    cap="--memory-cap 2560MiB" # one device has no room for 512K without a ring, two with one have
    lengths="4096 8192 12288 16384 65536 102400 204800 512000 983040" # more lines than the last holds have no keys
    compared=512000
    tiny=${RANKS:+-D device.shared=true}
    short=
    middle=
    longer=
    ;;
  *)
    echo "usage: $0 cpu|gpu [STEP...]" >&2
    exit 2
    ;;
esac
ring=${RANKS:-$count} # ranks of what goes over all
record=${RECORD:-validation/paper/$place/retrieval}
runs=$record/runs
mkdir -p "$runs" || exit 1
models="16k 100k 512k"

# On one GPU of its own, so that two run at the same time.
on_gpu() { # NUMBER COMMAND...
  number=$1
  shift
  if [ "$kind" = gpu ]; then (export CUDA_VISIBLE_DEVICES="$number" && "$@"); else "$@"; fi
}

short() {
  on_gpu 0 keep train-16k 1 train inputs/retrieval/16k.toml $tiny $short -D checkpoint.atEnd=true
}

train() {
  short &
  on_gpu $((count > 1 ? 1 : 0)) keep train-100k 1 train inputs/retrieval/100k.toml $tiny $middle -D checkpoint.atEnd=true &
  wait
}

long() {
  keep train-512k "$ring" train inputs/retrieval/512k.toml $tiny $longer -D checkpoint.atEnd=true \
    -D "checkpoint.weights=$scratch/train-100k"
}

# All questions on a context at once: an answer is right if each of its tokens is the likeliest, so greedy decoding would give it.
ask() { # NAME RANKS MODEL LENGTH MORE...
  name=$1
  ranks=$2
  weights=$scratch/train-$3
  length=$4
  shift 4
  keep "$name" "$ranks" evaluate inputs/retrieval/evaluate.toml $tiny -D "train.sequence=$length" \
    -D "lines.questions=$questions" -D "validation.sequences=$contexts" -D "checkpoint.resume=$weights" -D output.plots=false "$@"
}

# Lengths that one GPU asks beside others, then the long ones over all.
evaluate() {
  turn=0
  for model in $models; do
    for length in $lengths; do
      if [ "$length" -gt 150000 ]; then continue; fi
      on_gpu $((turn % count)) ask "evaluate-$model-$length" 1 "$model" "$length" &
      turn=$((turn + 1))
      if [ $((turn % (2 * count))) = 0 ]; then wait; fi
    done
  done
  wait
  for model in $models; do
    for length in $lengths; do
      if [ "$length" -gt 150000 ]; then ask "evaluate-$model-$length" "$ring" "$model" "$length"; fi
    done
  done
}

# The same weights on one rank and on all: in fp32 the same answers, else as many within the interval.
answers() {
  few=$(echo "$lengths" | cut -d ' ' -f 2)
  for ranks in 1 "$ring"; do
    ask "parity-fp32-$ranks" "$ranks" 512k "$few" -D device.precision=fp32
    ask "parity-default-$ranks" "$ranks" 512k "$compared"
  done
}

# The first steps of the longest stage on one rank and on all: the same losses, but for rounding. From a model that is still wrong at this
# length, else a few unsure answers are the whole loss, and at the rate that the stage's warm-up begins with: Adam's first steps at the
# whole rate go along the signs of gradients, rounding among them, and part ways.
losses() {
  for ranks in 1 "$ring"; do
    keep "parity-losses-$ranks" "$ranks" train inputs/retrieval/evaluate.toml $tiny -D "lines.questions=$many" \
      -D "train.sequence=$longest" -D "checkpoint.weights=$scratch/train-16k" -D train.schedule=constant -D train.learningRate=2.5e-5 \
      -D train.warmupSteps=0 -D train.steps=5 -D curriculum.gate=1e-9 -D curriculum.leastSteps=5 -D output.plots=false
  done
}

# Of up to 4000 steps a run the table of the first stage is kept; the log's lines say no more than it does.
one_ablation() { # NAME OPTIONS...
  name=$1
  shift
  allowed=3 keep "$name" 1 train inputs/retrieval/16k.toml $tiny $short -D stage.1.steps=4000 "$@" -D output.plots=false
  rm -rf "${runs:?}/$name"/stage-[2-9]
  sed -i '/^#* *step .* | loss /d' "$runs/$name/output.log"
}

# What the first stage needs, one thing left out at a time, three seeds each: how many steps until tasks of 1024 tokens are passed. Not
# within those allowed, exit code 3, is a result. Plain rotary frequencies are those of base 1e7.
ablation() {
  turn=0
  for without in nothing init filler frequencies; do
    change=
    case $without in
      init) change="-D model.init=normal" ;;
      filler) change="-D stage.1.lines.filler=full" ;;
      frequencies) change="-D model.ropeFactor=1 -D model.ropeTheta=1e7" ;;
    esac
    for seed in 1 2 3; do
      on_gpu $((turn % count)) one_ablation "ablation-$without-$seed" $change -D "train.seed=$seed" &
      turn=$((turn + 1))
      if [ $((turn % (3 * count))) = 0 ]; then wait; fi
    done
  done
  wait
  "${PYTHON:-python3}" validation/retrieval/table.py ablation "$runs" >"$record/ablation.csv" || note ablation FAILED
}

# A step without a ring on one whole device, and with one: "out of memory" is what the plan says against the memory there is.
architectures() {
  echo "attention,ranks,tokens,result" >"$record/architectures.csv"
  for attention in vanilla memory-efficient ring; do
    ranks=1
    if [ "$attention" = ring ]; then ranks=$ring; fi
    for length in $trained; do
      log=$scratch/$attention-$length.log
      # one step passes no gate, which is exit code 3
      tools/mpirun.sh -np "$ranks" bin/ringattention train inputs/retrieval/evaluate.toml $tiny -D "lines.questions=$questions" \
        -D "train.sequence=$length" -D train.warmupSteps=0 -D train.steps=1 -D "attention.kind=$attention" $cap -o "$scratch/$attention-$length" >"$log" 2>&1
      status=$?
      result=
      if [ "$status" = 0 ] || [ "$status" = 3 ]; then result=trains; fi
      if [ "$status" = 2 ] && grep -q "does not fit" "$log"; then result="out of memory"; fi
      if [ -z "$result" ]; then
        cp "$log" "$record/"
        note "$attention-$length" "FAILED (exit $status)"
      fi
      echo "$attention,$ranks,$length,${result:-failed}" >>"$record/architectures.csv"
    done
  done
}

tables() {
  "${PYTHON:-python3}" validation/retrieval/table.py parity "$runs" "$ring" >"$record/parity.csv" || note parity FAILED
  "${PYTHON:-python3}" validation/retrieval/table.py accuracy "$runs" >"$record/retrieval.csv" || note table FAILED
  "${PYTHON:-python3}" validation/retrieval/plot.py "$record/retrieval.csv" >"$record/retrieval.svg" || note plot FAILED
}

for step in $steps; do
  case $step in
    short | train | long | evaluate | answers | losses | architectures | ablation | tables) $step ;;
    *) echo "$0: no step $step" >&2; echo "$step" >>"$scratch/failed" ;;
  esac
done
finish retrieval "$record"
