#!/bin/bash
# Submits the program's job scripts to the cluster of cluster.sh, with ranks on CPUs, and looks at what becomes of the jobs.
# usage: src/test/slurm/cluster.sh src/test/slurm/test.sh        (make test-slurm)
set -euo pipefail
home=$(cd "$(dirname "$0")/../../.." && pwd)
# the program's folder with outputs of its own; goes with the cluster's
work=$(dirname "$SLURM_CONF")/program
mkdir -p "$work/outputs"
for part in bin build inputs slurm target tools; do ln -s "$home/$part" "$work/$part"; done
cd "$work"

small=(--nodes=1 --ntasks-per-node=2 --gpus-per-node=2 --cpus-per-task=1 --mem=1000 --time=10)
run=(inputs/tutorial.toml -D device.kind=cpu -D train.sequence=512 -D train.steps=40 -D output.plots=false)
unset OPENBLAS_CORETYPE # jobs without this environment are to compute the same bits
failed=0
exec 3>&1 # the console, also where a check keeps what it says
limit=900 # seconds; two idle cores need about a tenth of it

# check WHAT COMMAND...
check() {
  local what=$1
  shift
  if "$@" >check.log 2>&1; then
    echo "PASSED  $what"
  else
    failed=$((failed + 1))
    echo "FAILED  $what"
    sed 's/^/        /' check.log | tail -n 15
  fi
}

# until_true COMMAND...: waits; fails when the test as a whole takes too long
until_true() {
  until "$@"; do
    if ((SECONDS >= limit)); then
      printf 'FAILED  waited in vain: %s\n' "$*" >&3
      tail -n 5 outputs/*.log >&3
      exit 1
    fi
    sleep 0.2
  done
}

submit() { sbatch --parsable "${small[@]}" "$@"; }

section() { printf '# %s (%d s)\n' "$1" "$SECONDS"; }

field() { scontrol show job "$1" | sed -n "s/.*\b$2=\([^ ]*\).*/\1/p"; }

ended() {
  case $(field "$1" JobState) in
    PENDING | RUNNING | COMPLETING | REQUEUED) return 1 ;;
  esac
}

# is JOB STATE EXIT_CODE: waits for its end
is() {
  until_true ended "$1"
  [ "$(field "$1" JobState) $(field "$1" ExitCode)" = "$2 $3:0" ] || {
    tail -n 12 "$(field "$1" StdOut)"
    scontrol show job "$1" | grep State
    return 1
  }
}

says() { grep -E -- "$2" "$(field "$1" StdOut)" || { tail -n 15 "$(field "$1" StdOut)"; return 1; }; }

# refuses TEXT COMMAND...: the command fails and says so
refuses() {
  local text=$1 said
  shift
  if said=$("$@" 2>&1); then return 1; fi
  echo "$said"
  [[ $said == *"$text"* ]]
}

losses() { cut -d , -f 1,2 "outputs/$1/steps.csv"; }

has_steps() { [ -f "outputs/$1/steps.csv" ] && (($(wc -l <"outputs/$1/steps.csv") > $2)); }

idle() { [ "$(sinfo --noheader -o '%D %t')" = "2 idle" ]; }

# and nothing of its first start is left
pending_again() { [ "$(field "$1" JobState) $(field "$1" Restarts)" = "PENDING 1" ] && idle; }

# preempt JOB: as Slurm does at the end of the job's time, once it has done a step
preempt() {
  until_true has_steps "tutorial-$1" 1
  scancel --signal=USR1 --batch "$1"
}

both_ready() { [ "$(grep -cs '^ready' "outputs/slurm-$1.log")" = 2 ]; }

# crash JOB: tells it to stop once its ranks, which a signal ends, are there
crash() {
  until_true both_ready "$1"
  scancel --signal=USR1 --batch "$1"
}

# same_as JOB JOB: loss of every step, as written, one line for each
same_as() { diff <(losses "tutorial-$1") <(losses "tutorial-$2"); }

section "refused"
check "more GPUs than a node has" refuses "Requested node configuration is not available" \
  submit --gpus-per-node=5 slurm/train.sbatch "${run[@]}"
elsewhere=$(mkdir -p else/outputs && cd else && submit ../slurm/train.sbatch "${run[@]}")
check "a folder that is not the program's" is "$elsewhere" FAILED 2

section "a run, by srun"
whole=$(LAUNCHER=srun submit slurm/train.sbatch "${run[@]}")
check "ends with 0" is "$whole" COMPLETED 0
check "its last line" says "$whole" '^VALID: '
check "GPUs and cores of rank 0" says "$whole" '^rank 0 of 2 \| .* \| GPUs 0,1 \| cores [0-9]'
check "GPUs and cores of rank 1" says "$whole" '^rank 1 of 2 \| .* \| GPUs 0,1 \| cores [0-9]'

section "an array, by mpirun; task 2, whose line says what the run above did, told to stop and queued again"
array=$(SWEEP=slurm/sweep.txt submit --array=1-2 slurm/train.sbatch "${run[@]}")
stopped=${array}_2
preempt "$stopped"
check "task 1 goes on to its end" is "${array}_1" COMPLETED 0
check "from its only start" test "$(field "${array}_1" Restarts)" = 0
check "with the rate of line 1" grep -E 'learningRate = (0\.002|2\.0*[eE]-0*3)$' "outputs/tutorial-${array}_1/used_inputs.toml"
until_true pending_again "$stopped"
check "task 2 has stopped early" says "$stopped" 'stopped early, exit code 75'
check "not at its end" test "$(losses "tutorial-$stopped" | wc -l)" -lt 41
sleep 1 # a node refuses a job within the second in which it lost it
scontrol update jobid="$stopped" StartTime=now
check "ends with 0" is "$stopped" COMPLETED 0
check "in the same log" says "$stopped" "^job $stopped, start 2: "
check "the losses of the run above, bit for bit" same_as "$whole" "$stopped"
none=$(SWEEP=slurm/sweep.txt submit --array=9 slurm/train.sbatch "${run[@]}")
check "there is no line 9" is "${none}_9" FAILED 2

section "told to stop, by srun, and submitted again, with #SBATCH --export=NONE"
sed 's/^#SBATCH --job-name.*/&\n#SBATCH --export=NONE/' slurm/train.sbatch |
  sed 's/:-mpirun}/:-srun}/; s/:-requeue}/:-submit}/' >none.sbatch # the environment does not get there
stopped=$(submit none.sbatch "${run[@]}")
preempt "$stopped"
check "ends with 75" is "$stopped" FAILED 75
next=$(sed -n 's/^Submitted batch job //p' "outputs/slurm-$stopped.log")
check "the next job ends with 0" is "${next:-none}" COMPLETED 0
check "the losses of the run above, bit for bit" same_as "$whole" "$stopped"

section "told to stop before its ranks listen, by srun: submitted again once"
echo "container=(sh -c 'trap \"kill -9 \\\$\\\$\" USR1; echo ready; while :; do sleep 0.1; done')" >crash.sh
crashed=$(SITE=crash.sh LAUNCHER=srun REQUEUE=submit submit slurm/train.sbatch "${run[@]}")
crash "$crashed"
check "ends with the ranks' exit code" is "$crashed" FAILED 137
next=$(sed -n 's/^Submitted batch job //p' "outputs/slurm-$crashed.log")
crash "$next"
check "so does the next" is "$next" FAILED 137
check "has its settings" says "$next" '^job .*, start 1: 2 ranks on n. by srun'
check "is not queued again" says "$next" 'nor in the start before: not queued again'
check "no job follows" test -z "$(squeue --noheader --states=PENDING,RUNNING)"

section "cancelled, by srun"
cancelled=$(LAUNCHER=srun submit slurm/train.sbatch "${run[@]}" -D train.steps=2000)
until_true has_steps "tutorial-$cancelled" 1
scancel --full "$cancelled"
until_true ended "$cancelled"
until_true idle
check "stays so" test "$(field "$cancelled" JobState) $(field "$cancelled" Restarts)" = "CANCELLED 0"

section "two nodes, by mpirun, with a site's profile"
echo 'export OMPI_MCA_pml=ob1 OMPI_MCA_btl=self,tcp # both nodes are this machine' >tcp.sh
bench=$(SITE=tcp.sh sbatch --parsable "${small[@]}" --nodes=2 --ntasks-per-node=1 slurm/bench.sbatch \
  ring-exchange inputs/bench.toml -D 'benchRing.bytes=[65536]')
check "ends with 0" is "$bench" COMPLETED 0
check "on both" says "$bench" '2 ranks on n\[0-1\] by mpirun'

section "validate, by srun"
validate=$(LAUNCHER=srun submit slurm/validate.sbatch inputs/validate.toml -D 'validate.lengths=[64]' -D 'validate.growth=[256]')
check "ends with 0" is "$validate" COMPLETED 0
check "its last line" says "$validate" '^VALID'

echo "test-slurm: $failed failed, $SECONDS s"
((failed == 0))
