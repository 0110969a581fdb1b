#!/bin/bash
# Trains what test.sh has in WORK by the job script, with either launcher, on both nodes of cluster.sh.
# usage: src/test/slurm/cluster.sh src/test/hosts/slurm.sh        (test.sh calls it)
set -euo pipefail
for launcher in srun mpirun; do
  echo "# by $launcher ($SECONDS s)"
  LAUNCHER=$launcher RUN_FOLDER=$WORK/$launcher sbatch --quiet --wait --output="$WORK/$launcher.log" --nodes=2 --ntasks-per-node=2 \
    --gpus-per-node=2 --cpus-per-task=1 --mem=1000 --time=10 slurm/train.sbatch "$WORK/test.toml" || {
    tail -n 15 "$WORK/$launcher.log"
    exit 1
  }
done
