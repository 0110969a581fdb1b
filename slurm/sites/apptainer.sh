# shellcheck shell=bash disable=SC2034
# Ranks in an Apptainer image with CUDA, cuDNN and NCCL; the program stays outside, in a folder that the image sees. Wants
# LAUNCHER=srun: then nothing of Open MPI is needed on the host. Signals reach the program through apptainer.
image=${IMAGE:-$HOME/images/cuda-13.sif}
container=(apptainer exec --nv --bind "$PWD" --pwd "$PWD" "$image")
LAUNCHER=srun
