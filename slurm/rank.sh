#!/bin/sh
# One rank: binds itself to its cores if told to, says where it runs and what it may use, becomes the program.
# usage, below mpirun or srun: slurm/rank.sh [--cores N] COMMAND...
set -eu

allowed_cores() { # such as 0-3,8
  taskset -cp $$ 2>/dev/null | sed 's/.*: //' | grep . || sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status
}

# cores_of_rank N: the N cores of this rank, with all their hardware threads; nothing if there are not as many for each rank of
# the node. Sorted by socket, as neighbouring GPUs are; a core's number does not tell where it is.
cores_of_rank() {
  lscpu -p=CPU,CORE,SOCKET,NODE | grep -v '^#' | sort -t , -k 3,3n -k 4,4n -k 2,2n -k 1,1n |
    awk -F , -v allowed="$(allowed_cores)" -v each="$1" -v rank="${OMPI_COMM_WORLD_LOCAL_RANK:-0}" \
      -v ranks="${OMPI_COMM_WORLD_LOCAL_SIZE:-1}" '
      BEGIN {
        count = split(allowed, ranges, ",")
        for (i = 1; i <= count; i++) {
          split(ranges[i], ends, "-")
          for (cpu = ends[1] + 0; cpu <= (ends[2] == "" ? ends[1] : ends[2]) + 0; cpu++) may[cpu]
        }
      }
      !($1 in may) { next }
      !($2 in place) { place[$2] = cores++ }
      int(place[$2] / each) == rank { mine = mine comma $1; comma = "," }
      END { if (cores >= ranks * each) print mine }'
}

not_bound=
if [ "$1" = --cores ]; then
  cores=$(cores_of_rank "$2")
  if [ -z "$cores" ] || ! taskset -cp "$cores" $$ >/dev/null; then
    not_bound=", not bound: no $2 cores for each of ${OMPI_COMM_WORLD_LOCAL_SIZE:-1} ranks"
  fi
  shift 2
fi
cores=$(allowed_cores)
echo "rank ${OMPI_COMM_WORLD_RANK:-${PMIX_RANK:-?}} of ${OMPI_COMM_WORLD_SIZE:-${SLURM_NTASKS:-?}}" \
  "| $(uname -n) | GPUs ${CUDA_VISIBLE_DEVICES:-none} | cores ${cores:-unknown}$not_bound"
exec "$@"
