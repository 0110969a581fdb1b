# shellcheck shell=bash
# Sourced by the job scripts: starts one rank per task with the launcher of the script, passes the signals that end a job on to
# it, and queues the job again if the run has stopped early with a checkpoint. See docs/slurm.md.
# Reads SITE, LAUNCHER, BIND, REQUEUE, RUN_FOLDER from the script or the environment.

stop_early=75 # exit code of a run that has written a checkpoint and wants to go on later

stopping=0
launcher=
# Slurm's warning comes as USR1 (#SBATCH --signal), that of some queues as TERM. mpirun kills the ranks at TERM: both go on as USR1.
forward() {
  stopping=1
  signaled=1
  [ -z "$launcher" ] || kill -USR1 "$launcher" 2>/dev/null || true
}
trap forward USR1 TERM

cd "$SLURM_SUBMIT_DIR" || exit 2
mpi_options=()  # more options of mpirun, for profiles
srun_options=() # and of srun
container=()    # words before the program: what runs it in a container
# shellcheck source=slurm/sites/workstation.sh
[ -z "${SITE:-}" ] || . "$SITE"
set -eu -o pipefail # not before: modules do not bear it

job=$SLURM_JOB_ID
[ -z "${SLURM_ARRAY_JOB_ID:-}" ] || job=${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID
cores=${SLURM_CPUS_PER_TASK:-1}
per_node=$(((SLURM_NTASKS + SLURM_JOB_NUM_NODES - 1) / SLURM_JOB_NUM_NODES))

# folder_of INPUT: of this job's run, the same after a requeue
folder_of() {
  local name=${1##*/}
  echo "${RUN_FOLDER:-outputs/${name%.toml}-$job}"
}

# sweep_line FILE: the line of this task of the array, counted from 1
sweep_line() {
  local line
  line=$(sed -n "${SLURM_ARRAY_TASK_ID:?is not set: submit with sbatch --array=1-N}p" "$1")
  if [ -z "$line" ]; then
    echo "slurm: $1 has no line $SLURM_ARRAY_TASK_ID" >&2
    return 2
  fi
  echo "$line"
}

# Ranks have their cores to themselves, but not on a node with fewer cores than they were promised.
binding() {
  if (($(nproc) >= per_node * cores)); then echo cores; else echo none; fi
}

# launch ARGUMENTS...: the program on all tasks of the job; sets status to its exit code and returns it
launch() {
  local bind=${BIND:-$(binding)} command signaled=1
  case ${LAUNCHER:-} in
    mpirun)
      command=(tools/mpirun.sh -np "$SLURM_NTASKS" --map-by "ppr:$per_node:node")
      if [ "$bind" = cores ]; then command=("${command[@]}:PE=$cores" --bind-to core); fi
      command+=("${mpi_options[@]}")
      ;;
    srun) # no --gpu-bind: every rank sees all GPUs that the job has on its node, and so reaches the memory of the others
      command=(srun --mpi=pmix --kill-on-bad-exit=1 --cpus-per-task="$cores" --cpu-bind="$bind")
      command+=("${srun_options[@]}")
      ;;
    *)
      echo "slurm: LAUNCHER=$LAUNCHER: must be mpirun or srun" >&2
      exit 2
      ;;
  esac
  echo "job $job, start $((${SLURM_RESTART_COUNT:-0} + 1)): $SLURM_NTASKS ranks on $SLURM_JOB_NODELIST by $LAUNCHER," \
    "$cores cores each, bound to $bind"
  status=$stop_early
  if ((stopping)); then return "$status"; fi
  "${command[@]}" slurm/rank.sh "${container[@]}" bin/ringattention "$@" &
  launcher=$!
  while ((signaled)); do # a signal ends the waiting, not the run
    signaled=0
    status=0
    wait "$launcher" || status=$?
  done
  return "$status"
}

# submit_again ARGUMENTS...: the same script with what this job was given, also on the command line; into the same folder
submit_again() {
  local options=(--nodes="$SLURM_JOB_NUM_NODES" --ntasks="$SLURM_NTASKS" --ntasks-per-node="$per_node" --cpus-per-task="$cores"
    --partition="$SLURM_JOB_PARTITION" --time="$(squeue --noheader --jobs="$job" --format=%l)")
  [ -z "${SLURM_GPUS_PER_NODE:-}" ] || options+=(--gpus-per-node="$SLURM_GPUS_PER_NODE")
  [ -z "${SLURM_MEM_PER_NODE:-}" ] || options+=(--mem="$SLURM_MEM_PER_NODE")
  [ -z "${SLURM_ARRAY_TASK_ID:-}" ] || options+=(--array="$SLURM_ARRAY_TASK_ID")
  RUN_FOLDER=${folder:?} sbatch "${options[@]}" "$0" "$@"
}

# end_job ARGUMENTS...: those of the script. Queues a run that has stopped early again, unless the job was cancelled or Slurm
# itself queues it: then it does not count as running any more.
end_job() {
  # told to before it could listen: the signal's number, or mpirun's confusion
  if ((stopping && status > 128)); then status=$stop_early; fi
  if ((status == stop_early)) && [ "$(squeue --noheader --jobs="$job" --format=%T)" = RUNNING ]; then
    echo "job $job stopped early, exit code $stop_early: queued again ($REQUEUE)"
    case $REQUEUE in
      requeue) scontrol requeue "$job" ;;
      submit) submit_again "$@" ;;
    esac
  fi
  exit "$status"
}
