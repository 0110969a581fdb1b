#!/bin/sh
# One rank: says where it runs and what it may use, becomes the program.
# usage, below mpirun or srun: slurm/rank.sh COMMAND...
set -eu
cores=$(taskset -cp $$ 2>/dev/null | sed 's/.*: //')
[ -n "$cores" ] || cores=$(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status)
echo "rank ${OMPI_COMM_WORLD_RANK:-${PMIX_RANK:-?}} of ${OMPI_COMM_WORLD_SIZE:-${SLURM_NTASKS:-?}}" \
  "| $(uname -n) | GPUs ${CUDA_VISIBLE_DEVICES:-none} | cores ${cores:-unknown}"
exec "$@"
