# shellcheck shell=bash disable=SC2034
# Ranks in a container by Pyxis and Enroot, options of srun. Enroot's hook 50-slurm-pmi.sh must be enabled: it hands PMIx in.
image=${IMAGE:-nvcr.io#nvidia/cuda:13.0.1-cudnn-runtime-ubuntu24.04}
srun_options=(--container-image="$image" --container-mounts="$PWD" --container-workdir="$PWD")
LAUNCHER=srun
