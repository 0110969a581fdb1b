# shellcheck shell=bash
# Sourced by the job scripts: starts one rank per task with the launcher of the script, passes the signals that end a job on to
# it. See docs/slurm.md.
# Reads SITE, LAUNCHER, BIND, RUN_FOLDER from the script or the environment.

stop_early=75 # exit code of a run that has written a checkpoint and wants to go on later

stopping=0
told_at=0 # to stop, seconds since this script's start
launcher=
# Slurm's warning comes as USR1 (#SBATCH --signal), that of some queues as TERM. mpirun kills the ranks at TERM: both go on as USR1.
forward() {
  # shellcheck disable=SC2034 # again.sh reads it
  ((stopping)) || told_at=$SECONDS
  stopping=1
  signaled=1
  [ -z "$launcher" ] || kill -USR1 "$launcher" 2>/dev/null || true
}
trap forward USR1 TERM

refuse() {
  echo "slurm: $*" >&2
  exit 2
}

unset SLURM_EXPORT_ENV # NONE under --export=NONE: srun, and mpirun by it, would start ranks without an environment
cd "$SLURM_SUBMIT_DIR" || exit 2
mpi_options=()  # more options of mpirun, for profiles
srun_options=() # and of srun
container=()    # words before the program: what runs it in a container

# Without its modules or network settings a run would be another one, so a line of the profile that fails ends the job. Lines of
# what a profile itself sources or calls do not count: theirs fail in good order.
if [ -n "${SITE:-}" ]; then
  [[ $SITE == */* ]] || SITE=./$SITE # or it would be looked for on PATH
  [ -r "$SITE" ] || refuse "SITE=$SITE cannot be read"
  trap 'site_status=$?; [ "${BASH_SOURCE[0]}" != "$SITE" ] || refuse "SITE=$SITE: line $LINENO failed, exit status $site_status"' ERR
  # shellcheck source=slurm/sites/workstation.sh
  . "$SITE"
  site_status=$?
  trap - ERR
  ((site_status == 0)) || refuse "SITE=$SITE failed, exit status $site_status"
fi
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

swept=()
# sweep_options FILE: sets swept to the options on the line of this task of the array, counted from 1. They are read as those of
# a command line are; names of files are not expanded, for lists have brackets too.
sweep_options() {
  local number=${SLURM_ARRAY_TASK_ID:-} line
  [ -n "$number" ] || refuse "SWEEP=$1 without an array: submit with sbatch --array=1-N"
  [ -r "$1" ] || refuse "SWEEP=$1 cannot be read"
  ((number >= 1 && number <= $(grep -c '' "$1"))) || refuse "$1 has no line $number"
  line=$(sed -n "${number}{s/\r\$//;p}" "$1")$'\n' # behind a comment the list goes on
  # in a shell of its own first, which an error may end
  (set -f && eval "swept=($line)") || refuse "$1: line $number cannot be read as a shell reads it: $line"
  set -f
  eval "swept=($line)"
  set +f
  ((${#swept[@]} > 0)) || refuse "$1: line $number holds no options"
}

# CPUs of this node for the job; nproc alone would say what OpenMP was told
node_cores() { env -u OMP_NUM_THREADS -u OMP_THREAD_LIMIT nproc; }

# Ranks have their cores to themselves, but not on a node with fewer cores than they were promised.
binding() {
  if (($(node_cores) >= per_node * cores)); then echo cores; else echo none; fi
}

# start_command BIND: sets command to what starts a rank for each task. Neighbouring ranks get neighbouring cores, for GPUs of
# neighbouring numbers hang on one socket.
start_command() {
  case ${LAUNCHER:-} in
    mpirun)
      command=(tools/mpirun.sh -np "$SLURM_NTASKS")
      if [ "$1" = none ]; then
        command+=(--map-by "ppr:$per_node:node" "${mpi_options[@]}" slurm/rank.sh)
      elif ((SLURM_JOB_NUM_NODES == 1 || cores == 1)); then
        command+=(--map-by "ppr:$per_node:node:PE=$cores" --bind-to core "${mpi_options[@]}" slurm/rank.sh)
      else # mpirun 4.1 under Slurm finds too few cores on other nodes for PE above 1 (open-mpi/ompi#10071, #13843)
        command+=(--map-by "ppr:$per_node:node" --bind-to none "${mpi_options[@]}" slurm/rank.sh --cores "$cores")
      fi
      ;;
    srun) # no --gpu-bind: every rank sees all GPUs that the job has on its node, and so reaches the memory of the others
      command=(srun --mpi=pmix --kill-on-bad-exit=1 --cpus-per-task="$cores" --cpu-bind="$1" --distribution=block:block)
      command+=("${srun_options[@]}" slurm/rank.sh)
      ;;
    *) refuse "LAUNCHER=${LAUNCHER:-}: must be mpirun or srun" ;;
  esac
}

# launch ARGUMENTS...: the program on all tasks of the job; sets status to its exit code and returns it
launch() {
  local bind=${BIND:-$(binding)} command signaled=1
  [[ $bind == cores || $bind == none ]] || refuse "BIND=$bind: must be cores or none"
  start_command "$bind"
  echo "job $job, start $((${SLURM_RESTART_COUNT:-0} + 1)): $SLURM_NTASKS ranks on $SLURM_JOB_NODELIST by $LAUNCHER," \
    "$cores cores each, bound to $bind"
  status=$stop_early
  if ((stopping)); then return "$status"; fi
  "${command[@]}" "${container[@]}" bin/ringattention "$@" &
  launcher=$!
  while ((signaled)); do # a signal ends the waiting, not the run
    signaled=0
    status=0
    wait "$launcher" || status=$?
  done
  # bash 5.2 loses the status of a launcher that ends while a signal arrives, and says -1: whether the run has ended or stopped
  # early, its next start tells
  if ((status < 0)); then status=$stop_early; fi
  return "$status"
}
