# shellcheck shell=bash disable=SC2154
# Sourced by train.sbatch behind common.sh: decides whether a run that was told to stop, or has stopped, is queued again, and
# does it. A start counts if it has left a newer checkpoint. One that has not may be queued again once, since a signal before
# the ranks listen ends them with nothing to save; a second one after it ends the job, or it would go on for ever.

# patiently COMMAND...: tries for half a minute, since Slurm's controller may be busy or restarting
patiently() {
  local pause
  for pause in 2 4 8 16 0; do
    if "$@"; then return 0; fi
    sleep "$pause"
  done
  return 1
}

# ask FORMAT: what squeue says of this job
ask() { patiently squeue --noheader --jobs="$job" --format="$1"; }

# seconds_of TIME: of Slurm's [days-][hours:]minutes:seconds; nothing for UNLIMITED
seconds_of() {
  if [[ $1 =~ ^(([0-9]+)-)?(([0-9]+):)?([0-9]+):([0-9]+)$ ]]; then
    local part=("${BASH_REMATCH[@]}")
    echo $((((10#0${part[2]} * 24 + 10#0${part[4]}) * 60 + 10#${part[5]}) * 60 + 10#${part[6]}))
  fi
}

# newest_checkpoint: step of the newest whole one in the run's folder, 0 if there is none
newest_checkpoint() {
  local step newest=0
  for step in "$folder"/checkpoints/step_*/DONE; do
    step=${step%/DONE}
    step=${step##*/step_}
    if [[ $step =~ ^[0-9]+$ ]] && ((10#$step > newest)); then newest=$((10#$step)); fi
  done
  echo "$newest"
}

# begin_run FOLDER: notes where the run in it begins
begin_run() {
  folder=${1%/}
  [[ $REQUEUE == requeue || $REQUEUE == submit ]] || refuse "REQUEUE=$REQUEUE: must be requeue or submit"
  began_with=$(newest_checkpoint)
  no_progress=$folder.no-progress # is there between a start that has left no newer checkpoint and the next
  before_too=0
  if [ -e "$no_progress" ]; then before_too=1; fi
  rm -f "$no_progress"
  limit=$(ask %l) || limit=
  local seconds warning
  seconds=$(seconds_of "$limit")
  warning=$(sed -n 's/^#SBATCH  *--signal=.*@\([0-9]*\).*/\1/p' "$0")
  short=$((${seconds:-99999999} <= ${warning:-0}))
  if ((short)); then
    echo "slurm: --time=$limit is not longer than the warning of $warning s (--signal): the run is told to stop at once, and" \
      "not queued again" >&2
  fi
}

# may_go_on: whether queueing this run again gains something; says why not
may_go_on() {
  local state
  if ! state=$(ask %T); then
    # the safer answer: a job that was cancelled does not live as long as these tries
    echo "job $job: squeue does not answer, taken as running"
  elif [ "$state" != RUNNING ]; then
    return 1 # cancelled, or queued by Slurm itself
  fi
  # at once: a later one shows that sbatch was given a shorter warning than the script has
  if ((short && stopping && told_at < 60)); then
    echo "job $job: its time is not longer than the warning: not queued again"
    return 1
  fi
  if (($(newest_checkpoint) > began_with)); then return 0; fi
  if ((before_too)); then
    echo "job $job: no newer checkpoint since its start, nor in the start before: not queued again"
    return 1
  fi
  if ! { mkdir -p "$(dirname "$folder")" && touch "$no_progress"; }; then
    echo "job $job: no newer checkpoint since its start, and that cannot be noted: not queued again"
    return 1
  fi
}

# submit_again ARGUMENTS...: the same script with what this job was given, also on the command line; into the same folder
submit_again() {
  local options=(--nodes="$SLURM_JOB_NUM_NODES" --ntasks="$SLURM_NTASKS" --ntasks-per-node="$per_node" --cpus-per-task="$cores"
    --partition="$SLURM_JOB_PARTITION")
  [ -z "$limit" ] || options+=(--time="$limit")
  [ -z "${SLURM_GPUS_PER_NODE:-}" ] || options+=(--gpus-per-node="$SLURM_GPUS_PER_NODE")
  [ -z "${SLURM_MEM_PER_NODE:-}" ] || options+=(--mem="$SLURM_MEM_PER_NODE")
  [ -z "${SLURM_ARRAY_TASK_ID:-}" ] || options+=(--array="$SLURM_ARRAY_TASK_ID")
  # Said by name, for the script may have --export=NONE; by name only, for a value may have a comma. A count is the old job's.
  (
    unset SLURM_RESTART_COUNT
    export RUN_FOLDER="$folder" LAUNCHER SITE SWEEP REQUEUE BIND="${BIND:-}"
    patiently sbatch --export=ALL,RUN_FOLDER,LAUNCHER,SITE,SWEEP,REQUEUE,BIND "${options[@]}" "$0" "$@"
  )
}

# end_job ARGUMENTS...: those of the script. Ends it with the status of the run, and queues that again if it has stopped early,
# or was ended by a signal after it was told to: mpirun's confusion counts as one.
end_job() {
  if ((status == stop_early || (stopping && status > 128))) && may_go_on; then
    echo "job $job stopped early, exit code $status: queued again ($REQUEUE)"
    case $REQUEUE in
      requeue) patiently scontrol requeue "$job" ;;
      submit) submit_again "$@" ;;
    esac || echo "slurm: not queued, go on by hand: RUN_FOLDER=$folder sbatch, with the options and arguments of this job" >&2
  elif ((stopping)); then
    echo "job $job was told to stop, exit code $status"
  fi
  exit "$status"
}
