#!/bin/sh
# mpirun of the MPI that set-up found, or of a bundle (there it is also bin/mpirun): ranks may outnumber cores, and root is
# allowed (containers), and an exit code of the ranks is not said again in nine lines.
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
      exec sed -u -E -f "$home/tools/mpirun-errors.sed" <"$pipe" >&2
    ) &
    exec 2>"$pipe"
  fi
  rm -rf "$folder"
fi
exec "$MPIRUN" "$@"
