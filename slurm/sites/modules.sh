# shellcheck shell=bash
# A site with environment modules. The names are the site's: module avail. Load the same ones before make setup and make build,
# which note the Open MPI they find (it needs --enable-mpi-java; tools/build-openmpi.sh makes one where there is none).
module purge
module load openjdk/17 openmpi/5.0.7 cuda/13.0 cudnn/9.14 nccl/2.28 || return 1

# where modules set no paths that bin/cuda-libraries.sh looks at
export CUDA_HOME=${CUDA_HOME:-${CUDA_ROOT:-}} CUDNN_HOME=${CUDNN_HOME:-${CUDNN_ROOT:-}} NCCL_HOME=${NCCL_HOME:-${NCCL_ROOT:-}}

# scratch of the node for what ranks keep in files
export TMPDIR=${SLURM_TMPDIR:-/tmp}
