# shellcheck shell=bash disable=SC2034
# One machine, nothing to load: Open MPI of make setup or of the bundle, CUDA's libraries where bin/cuda-libraries.sh finds
# them. People work on it besides, so ranks are bound to no cores.
BIND=none
