#!/bin/sh
# Runs checks and benchmarks on this machine's GPUs and keeps them in one folder, validation/gpu/<n>x<model>/ or $RECORD.
# Steps add to the folder, so that they can be run one call at a time; a step run again replaces its own results.
# usage: tools/record-gpu.sh [STEP...]
#   machine validate validate-fp32 attention attention-grouped attention-sustained kernels kernels-fp32 ring-exchange tutorial
#   policies evaluate packed resume transformers transformers-rope transformers-generate transformers-export decode inference training-7b training-1b training-256k training-512k rehearse-768k rehearse-1m   (default: all these; the
#   last six take some minutes each)
#   shared: ranks that have the same GPU, in a ring and exchanging heads; the steps transformers and transformers-generate have two ranks
#   on one GPU, too
#   extend-8b: an 8B model at 8K, 64K and 256K tokens, stage after stage; needs two GPUs of 139 GiB, 200 GB for checkpoints in TMPDIR
#   transformers-extend: a model of 8 blocks extended to 208K tokens and opened again; needs one GPU of 139 GiB, 70 GB of disk
#   heads: attention over all GPUs of which 1, 2 and 4 exchange heads, on short sequences, whose share of one GPU's rate is bound_fraction
#   host: what 2, 4 or 8 GPUs of one host show; host-1m: a step of 1M tokens on 8; host-longest: the longest, rehearsed
# Exit status: 0 all passed, or no GPU here; 1 some step failed.
# shellcheck disable=SC2086,SC2030,SC2031 # lists of options are words; a subshell has GPUs of its own
set -u
cd "$(dirname "$0")/.." || exit 1

fp32="-D device.precision=fp32"
tutorial=inputs/tutorial.toml
small=inputs/train-1b.toml
large=inputs/train-7b.toml
once="-D benchTraining.steps=1 -D benchTraining.warmup=0 -D benchTraining.deviceGiB=[]"
steps=${*:-machine validate validate-fp32 attention attention-grouped attention-sustained kernels kernels-fp32 ring-exchange tutorial policies evaluate packed resume transformers transformers-rope transformers-generate transformers-export decode inference training-7b training-1b training-256k training-512k rehearse-768k rehearse-1m}

. tools/recording.sh
if ! find_gpus; then
  echo "GPU checks: NOT CHECKED: no GPU"
  exit 0
fi
record=${RECORD:-validation/gpu/${count}x$model}
runs=$record/runs
mkdir -p "$runs" || exit 1

# All ranks there are, and one.
rank_counts() {
  if [ "$count" = 1 ]; then echo 1; else echo "1 $count"; fi
}

machine() {
  cores=$(env -u OMP_NUM_THREADS -u OMP_THREAD_LIMIT nproc) # nproc alone obeys what OpenMP was told
  {
    echo "GPUs        $(nvidia-smi --query-gpu=name,memory.total,clocks.max.sm --format=csv,noheader | sort | uniq -c | sed 's/^ *//')"
    echo "driver      $(nvidia-smi --query-gpu=driver_version --format=csv,noheader | sed -n 1p)"
    echo "CUDA        $(nvidia-smi | sed -n 's/.*CUDA Version: *\([0-9.]*\).*/\1/p') (driver)"
    echo "libraries and Java, as the program sees them:"
    bin/ringattention validate inputs/validate-gpu.toml --dry-run 2>/dev/null
    echo "host        $(grep -m 1 'model name' /proc/cpuinfo | sed 's/.*: //'), $cores cores, $(uname -sr)"
    nvidia-smi topo -m 2>/dev/null | grep -v = | sed 's/\x1b\[[0-9;]*m//g'
    echo "command     tools/record-gpu.sh $steps"
    echo "date        $(date -u +%Y-%m-%d)"
  } >"$record/machine.txt"
}

# Largest |difference| of the losses of two runs, step by step, as a row of checks.csv.
loss_curve() { same_rows steps.csv 2 "$@"; }    # CHECK THRESHOLD RUN OTHER-RUN
positions() { same_rows positions.csv 7 "$@"; } # likewise

# Compares a column of two tables whose rows have the same first column.
same_rows() { # FILE COLUMN CHECK THRESHOLD RUN OTHER-RUN
  table=$1
  column=$2
  shift 2
  mkdir -p "$runs/loss-curves"
  row=$(
    awk -F, -v check="$1" -v threshold="$2" -v ranks="$count" -v column="$column" '
      FNR == 1 { file++; next }
      file == 1 { loss[$1] = $column; steps++; next }
      { compared++; if ($column == "" && loss[$1] == "" && ($1 in loss)) next; numbers++; d = $column - loss[$1]; if (d < 0) d = -d
        if ($column + 0 != $column || !($1 in loss)) bad = 1; if (d > worst) worst = d }
      END { ok = !bad && numbers > 0 && compared == steps && worst <= threshold
        printf "\"%s\",%d,%g,%g,%s\n", check, ranks, worst, threshold, ok ? "PASSED" : "FAILED" }' \
      "$runs/$3/$table" "$runs/$4/$table"
  ) || row="\"$1\",$count,,$2,FAILED"
  file="$runs/loss-curves/checks.csv"
  if [ ! -f "$file" ]; then echo "check,ranks,value,threshold,verdict" >"$file"; fi
  grep -v -F "\"$1\"" "$file" >"$scratch/checks.csv" # replaces its own row
  { cat "$scratch/checks.csv" && echo "$row"; } >"$file"
  note "$1" "${row##*,}"
}

tutorial() {
  keep tutorial-cpu-fp32 "$count" train "$tutorial" -D device.kind=cpu
  keep tutorial-gpu-fp32 "$count" train "$tutorial" -D device.kind=cuda $fp32
  keep tutorial-gpu-bf16 "$count" train "$tutorial" -D device.kind=cuda
  loss_curve "loss curve, GPU fp32 vs CPU fp32" 1e-4 tutorial-cpu-fp32 tutorial-gpu-fp32
  loss_curve "loss curve, GPU bf16 vs CPU fp32" 2e-2 tutorial-cpu-fp32 tutorial-gpu-bf16
}

# The same 50 steps on one GPU and on all; and with everything saved on the device, or little of it, on the host.
policies() {
  common="-D device.kind=cuda -D train.steps=50 -D memory.headGroups=1 -D output.plots=false"
  same="$common -D device.deterministic=true"
  keep policy-one-gpu 1 train "$tutorial" $common
  keep policy-all-gpus "$count" train "$tutorial" $common
  keep policy-bf16-gradients "$count" train "$tutorial" $common -D parallel.gradients=bf16
  keep policy-device "$count" train "$tutorial" $same -D memory.saved=inputs+attention -D memory.offload=none
  keep policy-host "$count" train "$tutorial" $same -D memory.saved=inputs+attention -D memory.offload=host
  keep policy-recomputed "$count" train "$tutorial" $same -D memory.saved=inputs -D memory.offload=host
  keep policy-projections "$count" train "$tutorial" $same -D memory.saved=inputs+attention+qkv -D memory.offload=none
  keep policy-everything "$count" train "$tutorial" $same -D memory.saved=inputs+attention+qkv+feedForward -D memory.offload=none
  loss_curve "loss curve, one GPU vs all, bf16" 2e-2 policy-one-gpu policy-all-gpus
  loss_curve "loss curve, bf16 vs fp32 gradients on the wire" 2e-2 policy-all-gpus policy-bf16-gradients
  loss_curve "loss curve, saved on the host vs on the device" 0 policy-device policy-host
  loss_curve "loss curve, attention recomputed vs saved" 0 policy-device policy-recomputed
  loss_curve "loss curve, projections recomputed vs saved" 0 policy-device policy-projections
  loss_curve "loss curve, projections and feed-forward recomputed vs saved" 0 policy-device policy-everything
}

# Two sequences of packed documents a step: one after the other, side by side, and one on each of two rings.
# Held-out loss of the same weights on the CPU and on the GPUs: of all labels, and of each range of positions.
evaluation() {
  keep evaluate-train "$count" train "$tutorial" -D device.kind=cuda $fp32 -D train.steps=20 -D checkpoint.atEnd=true
  weights="-D checkpoint.resume=$scratch/evaluate-train"
  keep evaluate-cpu-fp32 "$count" evaluate inputs/evaluate.toml $weights -D device.kind=cpu
  keep evaluate-gpu-fp32 "$count" evaluate inputs/evaluate.toml $weights -D device.kind=cuda $fp32
  keep evaluate-gpu-fp32-1 1 evaluate inputs/evaluate.toml $weights -D device.kind=cuda $fp32
  keep evaluate-gpu-bf16 "$count" evaluate inputs/evaluate.toml $weights -D device.kind=cuda
  positions "held-out loss by position, GPU fp32 vs CPU fp32" 1e-4 evaluate-cpu-fp32 evaluate-gpu-fp32
  positions "held-out loss by position, one GPU vs all, fp32" 1e-4 evaluate-gpu-fp32-1 evaluate-gpu-fp32
  positions "held-out loss by position, GPU bf16 vs CPU fp32" 2e-2 evaluate-cpu-fp32 evaluate-gpu-bf16
}
packed() {
  common="-D device.kind=cuda $fp32 -D data.documents=true -D train.batch=2 -D train.sequence=2048 -D train.steps=20 -D output.plots=false"
  keep packed-one-by-one 1 train "$tutorial" $common -D train.microBatch=1
  keep packed-side-by-side 1 train "$tutorial" $common -D train.microBatch=2
  loss_curve "loss curve, packed sequences side by side vs one by one, fp32" 1e-5 packed-one-by-one packed-side-by-side
  if [ "$count" = 2 ]; then
    keep packed-two-rings 2 train "$tutorial" $common -D parallel.ring=1
    loss_curve "loss curve, packed sequences on two rings vs one by one, fp32" 1e-5 packed-one-by-one packed-two-rings
    keep packed-ring 2 train "$tutorial" $common -D train.microBatch=2
    loss_curve "loss curve, packed sequences side by side in a ring of two vs one by one, fp32" 1e-5 packed-one-by-one packed-ring
  fi
}

# The same 20 steps on one rank and on rings, and ranks that exchange heads or share products, on the GPUs there are: whatever their number, in fp32.
shared() {
  common="-D device.kind=cuda $fp32 -D device.shared=true -D model.heads=4 -D train.steps=20 -D output.plots=false"
  keep shared-1 1 train "$tutorial" $common
  for mesh in "2 1 1" "2 2 1" "2 1 2" "3 1 1" "4 1 1" "4 2 1" "4 4 1" "4 1 2" "4 2 2" "4 1 4"; do # ranks, of which exchange heads, and share products
    # shellcheck disable=SC2086
    set -- $mesh
    keep "shared-$1-heads$2-tensor$3" "$1" train "$tutorial" $common -D parallel.heads=$2 -D parallel.tensor=$3
    loss_curve "loss curve, $1 ranks, $2 exchange heads, $3 share products, vs one rank, fp32" 1e-5 shared-1 "shared-$1-heads$2-tensor$3"
  done
  keep shared-validate 2 validate inputs/validate-gpu.toml -D device.shared=true
}

# 30 steps, and the last 10 of them again from the checkpoint of step 20: the same bits.
resume() {
  common="-D device.kind=cuda -D device.deterministic=true -D train.steps=30 -D output.plots=false"
  keep resume-whole "$count" train "$tutorial" $common -D checkpoint.every=10 -D checkpoint.keep=3
  keep resume-rest "$count" train "$tutorial" $common -D "checkpoint.resume=$scratch/resume-whole/checkpoints/step_20"
  last_steps=$runs/resume-whole/last
  mkdir -p "$last_steps"
  awk -F, 'FNR == 1 || $1 > 20' "$runs/resume-whole/steps.csv" >"$last_steps/steps.csv"
  loss_curve "loss curve, resumed vs uninterrupted" 0 resume-whole/last resume-rest
}

# Logits, loss and gradients against transformers in float64; needs a Python with torch and transformers.
compare_transformers() { # NAME SCRIPT OPTIONS...
  work=$scratch/$1
  # shellcheck disable=SC2046 # words
  "${PYTHON:-python3}" "validation/transformers/$2" --run "tools/mpirun.sh -np {ranks} bin/ringattention" \
    --work "$work" --csv "$record/$1.csv" $(shift 2 && echo "$@") >"$scratch/$1.out" 2>&1
  status=$?
  mkdir -p "$runs/$1"
  cp "$scratch/$1.out" "$runs/$1/output.log"
  tail -n 1 "$scratch/$1.out"
  if [ "$status" = 0 ]; then note "$1" PASSED; else note "$1" "FAILED (exit $status)"; fi
}

# An 8B model in stages. Room is kept: the first stage's checkpoint goes once the second has taken its weights and steps on.
extend_8b() {
  stages=$scratch/extend-8b
  while sleep 2; do
    if [ -s "$stages/stage-2/steps.csv" ]; then rm -rf "$stages/stage-1/checkpoints"; fi
  done &
  keep extend-8b "$count" train inputs/extend-8b-gpu.toml
  kill $!
}

# Prompts read by an 8B model, and steps behind them, on one GPU and on all; the longest prompt once.
inference() {
  for ranks in $(rank_counts); do keep "inference-$ranks" "$ranks" bench prefill inputs/bench-inference-gpu.toml; done
  keep inference-512k "$count" bench prefill inputs/bench-inference-gpu.toml -D 'benchPrefill.tokens=[524288]' \
    -D 'benchPrefill.rows=[1]' -D benchPrefill.warmup=0 -D benchPrefill.repeats=1
}

# Steps of the larger model; on one GPU at as many tokens per GPU as on all, where one has room.
training_7b() {
  keep training-7b "$count" bench training $large -D 'benchTraining.tokens=[65536, 131072]' -D 'benchTraining.deviceGiB=[62, 71]'
  if [ "$count" -gt 1 ]; then
    keep training-7b-one-gpu 1 bench training $large -D 'benchTraining.deviceGiB=[]' -D "benchTraining.tokens=[$((65536 / count))]"
  fi
}

# Steps of the smaller model; on one GPU at as many tokens per GPU as on all.
training_1b() {
  keep training-1b "$count" bench training $small
  if [ "$count" -gt 1 ]; then
    keep training-1b-one-gpu 1 bench training $small -D "benchTraining.tokens=[$((32768 / count))]"
  fi
}

# Attention of 32 heads of 128 over some GPUs; one GPU alone does no more than 65536 tokens, whose rate is the bound.
host_attention() { # RANKS KEY/VALUE-HEADS
  keep "attention-$1-kv$2" "$1" bench attention inputs/bench-gpu.toml -D "benchAttention.keyValueHeads=$2" \
    -D benchAttention.boundTokens=65536 -D 'benchAttention.tokens=[16384, 65536, 262144, 524288]' \
    -D benchAttention.repeats=1 -D benchAttention.warmup=0 -D benchAttention.rest=0.1 -D benchAttention.forward=false
}

# Short sequences, sustained, with 32 key/value heads and with 8: a ring of all GPUs, and shorter rings of ranks that exchange heads,
# at once and in two chunks.
heads() {
  case $count in
    1)
      echo "heads: NOT CHECKED: one GPU"
      return
      ;;
    2 | 6) meshes="1, 2" ;;
    4 | 8) meshes="1, 2, 4" ;;
    *) meshes=1 ;;
  esac
  for chunks in 1 2; do
    for key_value in 32 8; do
      keep "heads-kv$key_value-chunks$chunks" "$count" bench attention inputs/bench-gpu.toml \
        -D "benchAttention.keyValueHeads=$key_value" -D "parallel.headChunks=$chunks" \
        -D 'benchAttention.tokens=[8192, 16384, 32768]' -D "benchAttention.headRanks=[$meshes]" \
        -D benchAttention.repeats=5 -D benchAttention.warmup=1 -D benchAttention.rest=0 -D benchAttention.forward=false
    done
  done
}

host_validate() { # RANKS
  keep "validate-bf16-$1" "$1" validate inputs/validate-gpu.toml -D 'validate.growth=[4096, 16384]'
}

# Steps of the larger model, on some GPUs.
host_training() { # NAME RANKS TOKENS... (each with one step before that is not timed)
  keep_as=$1
  keep_on=$2
  shift 2
  keep "$keep_as" "$keep_on" bench training $large -D 'benchTraining.deviceGiB=[]' -D "benchTraining.tokens=[$(echo "$*" | sed 's/ /, /g')]"
}

# On GPUs of its own, while others have others; two GPUs do one thing after the other.
beside() { # FIELDS-OF-ALL COMMAND
  own=$all
  if [ "$count" -gt 2 ]; then own=$(echo "$all" | cut -d , -f "$1"); fi
  (CUDA_VISIBLE_DEVICES=$own && export CUDA_VISIBLE_DEVICES && "$2") &
  if [ "$count" = 2 ]; then wait; fi
}

host_two() {
  host_attention 2 32
  host_training training-7b-2 2 65536
}

host_two_and_one() {
  host_attention 2 8
  host_training training-7b-1 1 32768
}

host_four() {
  host_attention 4 32
  host_attention 4 8
  host_training training-7b-4 4 131072
}

# What needs all GPUs has them alone.
host() {
  case $count in
    2 | 4 | 8) ;;
    *)
      note host "FAILED (needs 2, 4 or 8 GPUs)"
      return
      ;;
  esac
  all=${CUDA_VISIBLE_DEVICES:-$(seq -s , 0 $((count - 1)))}
  beside 1,2 host_two
  beside 3,4 host_two_and_one
  if [ "$count" = 8 ]; then beside 5-8 host_four; fi
  wait
  keep ring-exchange "$count" bench ring-exchange inputs/bench-gpu.toml
  if [ "$count" -gt 2 ]; then
    host_attention "$count" 32
    host_attention "$count" 8
  fi
  for ranks in 2 4 8; do # nothing is timed
    if [ "$ranks" -le "$count" ]; then host_validate "$ranks" & fi
  done
  wait
  case $count in
    4) host_training training-7b-4 4 131072 262144 ;;
    8) host_training training-7b-8 8 262144 ;;
  esac
}

host_1m() {
  if [ "$count" = 8 ]; then
    keep training-7b-1m 8 bench training $large $once -D 'benchTraining.tokens=[1048576]'
  else
    echo "host-1m: NOT CHECKED: needs 8 GPUs"
  fi
}

# As many tokens a GPU as two GPUs have shown; the last two blocks, forward and backward, with all memory in use.
host_longest() {
  keep rehearse-longest "$count" bench training $large $once -D "benchTraining.tokens=[$((524288 * count))]" \
    -D benchTraining.rehearse=2 -D benchTraining.rehearseForward=2
}

# One table of all runs that have it: rows of the runs in order, the first line once. A check gets its run's name before its
# own, because runs in bf16 and in fp32 make the same checks.
merge() { # FILE
  rm -f "$record/$1"
  for file in "$record"/runs/*/"$1"; do
    if [ ! -f "$file" ]; then continue; fi
    case $file in
      */attention-sustained/* | */heads-kv*) continue ;; # rows of the same problems, measured otherwise
    esac
    if [ ! -f "$record/$1" ]; then sed -n 1p "$file" >"$record/$1"; fi
    if [ "$(sed -n 1p "$file")" != "$(sed -n 1p "$record/$1")" ]; then
      echo "$1: without $file, whose columns are others: run its step again"
      continue
    fi
    run=$(basename "$(dirname "$file")")
    case $1:$run in
      checks.csv:loss-curves) sed 1d "$file" ;;
      checks.csv:*) sed "1d; s/^\"/\"$run: /" "$file" ;;
      *) sed 1d "$file" ;;
    esac >>"$record/$1"
  done
}

for step in $steps; do
  case $step in
    machine) machine ;;
    validate) for ranks in $(rank_counts); do keep "validate-bf16-$ranks" "$ranks" validate inputs/validate-gpu.toml; done ;;
    validate-fp32) for ranks in $(rank_counts); do keep "validate-fp32-$ranks" "$ranks" validate inputs/validate-gpu.toml $fp32; done ;;
    attention) keep attention "$count" bench attention inputs/bench-gpu.toml ;;
    attention-grouped) keep attention-grouped "$count" bench attention inputs/bench-gpu.toml -D benchAttention.keyValueHeads=8 ;;
    heads) heads ;;
    attention-sustained) keep attention-sustained "$count" bench attention inputs/bench-gpu.toml -D benchAttention.rest=0 ;;
    kernels) keep kernels-bf16 1 bench kernels inputs/bench-gpu.toml ;;
    kernels-fp32) keep kernels-fp32 1 bench kernels inputs/bench-gpu.toml $fp32 ;;
    ring-exchange)
      if [ "$count" -gt 1 ]; then keep ring-exchange "$count" bench ring-exchange inputs/bench-gpu.toml; else echo "ring-exchange: NOT CHECKED: one GPU"; fi ;;
    tutorial) tutorial ;;
    policies) policies ;;
    evaluate) evaluation ;;
    packed) packed ;;
    resume) resume ;;
    shared) shared ;;
    transformers) compare_transformers transformers compare.py --parts models export --jobs 4 ;;
    transformers-rope) compare_transformers transformers-rope compare.py --parts rope ;;
    extend-8b) extend_8b ;;
    transformers-extend) compare_transformers transformers-extend extend.py ;;
    transformers-generate) compare_transformers transformers-generate generate.py ;;
    transformers-export) compare_transformers transformers-export export.py ;;
    decode) keep decode 1 bench decode inputs/bench-gpu.toml ;;
    inference) inference ;;
    training-7b) training_7b ;;
    training-256k) keep training-7b-256k "$count" bench training $large -D 'benchTraining.tokens=[262144]' -D 'benchTraining.deviceGiB=[103]' ;;
    training-1b) training_1b ;;
    training-512k) keep training-7b-512k "$count" bench training $large $once -D 'benchTraining.tokens=[524288]' ;;
    rehearse-768k) keep rehearse-768k "$count" bench training $large $once -D 'benchTraining.tokens=[786432]' -D benchTraining.rehearse=2 ;;
    rehearse-1m) keep rehearse-1m "$count" bench training $large $once -D 'benchTraining.tokens=[1048576]' -D benchTraining.rehearse=2 -D memory.hostGiB=200 ;;
    host) host ;;
    host-1m) host_1m ;;
    host-longest) host_longest ;;
    *) echo "$0: no step $step" >&2; echo "$step" >>"$scratch/failed" ;;
  esac
done
for table in checks.csv attention.csv kernels.csv ring_exchange.csv training.csv rehearsals.csv; do merge "$table"; done

finish "GPU checks" "$record"
