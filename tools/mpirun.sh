#!/bin/sh
# mpirun of the MPI that set-up found, or of a bundle (there it is also bin/mpirun): ranks may outnumber cores, and root is
# allowed (containers).
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
exec "$MPIRUN" "$@"
