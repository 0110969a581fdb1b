#!/bin/sh
# mpirun of the MPI that set-up found, or of a bundle (there it is also bin/mpirun): ranks may outnumber cores, and root is
# allowed (containers), an exit code of the ranks is not said again in nine lines, and mpirun ends with a job that lost a host.
# usage: tools/mpirun.sh -np RANKS COMMAND...
set -eu
home=$(dirname "$(dirname "$(readlink -f "$0")")")
if [ ! -f "$home/build/mpi/env" ]; then
  echo "$0: no MPI yet, run: make setup" >&2
  exit 2
fi
. "$home/build/mpi/env"

# as variables, not as flags: Open MPI 4 and 5 name the flags differently, and both ignore what they do not know
export OMPI_MCA_rmaps_base_oversubscribe=1 PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe
export OMPI_MCA_hwloc_base_binding_policy=none PRTE_MCA_hwloc_default_binding_policy=none
if [ "$(id -u)" = 0 ]; then
  export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
  export PRTE_ALLOW_RUN_AS_ROOT=1 PRTE_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi

# Signals go to mpirun itself, so the filter of its messages is beside it and ignores those. Not in a job of Slurm, which would
# end the filter with the job's script.
if [ -z "${SLURM_JOB_ID:-}" ] && folder=$(mktemp -d 2>/dev/null); then
  pipe=$folder/stderr
  if mkfifo "$pipe"; then
    (
      trap '' HUP INT QUIT TERM USR1 USR2
      export MPIRUN_SH=$$
      exec sed -u -E -f "$home/tools/mpirun-errors.sed" <"$pipe" >&2
    ) &
    exec 2>"$pipe"
  fi
  rm -rf "$folder"
fi

several_hosts() {
  [ -z "${OMPI_MCA_orte_default_hostfile:-}${PBS_NODEFILE:-}" ] || return 0
  for word; do
    case $word in -H | -host | --host | -hostfile | --hostfile | -machinefile | --machinefile) return 0 ;; esac
  done
  return 1
}

if [ -n "${SLURM_JOB_ID:-}" ] || ! several_hosts "$@"; then exec "$MPIRUN" "$@"; fi

# An mpirun that has a connection with a host that is lost waits a quarter of an hour for it, and crashes when it is told to hurry.
exec 3<&0 # or it would get nothing, as what runs beside a shell does
"$MPIRUN" "$@" <&3 3<&- &
mpirun=$!
lost=0
trap 'lost=1; kill -KILL "$mpirun" 2>/dev/null' ALRM
for signal in HUP TERM USR1 USR2; do
  # shellcheck disable=SC2064 # the signal of now
  trap "kill -$signal $mpirun 2>/dev/null" "$signal"
done
trap : INT QUIT # mpirun gets them from the terminal
while
  status=0
  wait "$mpirun" 2>/dev/null || status=$?
  kill -0 "$mpirun" 2>/dev/null # it was a signal that has ended the waiting
do :; done
[ "$lost" = 0 ] || status=1
exit "$status"
