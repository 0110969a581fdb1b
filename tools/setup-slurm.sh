#!/bin/sh
# Provides what make test-slurm needs: Slurm and munge of Debian's or Ubuntu's packages. Installs only what is missing; exit
# code 2 and one line if it cannot.
set -eu
home=$(cd "$(dirname "$0")/.." && pwd)
PATH=$PATH:/usr/sbin:/sbin
log=$home/build/setup-slurm.log

has_slurm() {
  for program in munged slurmctld slurmd sbatch; do
    command -v "$program" >/dev/null || return 1
  done
}

fail() {
  echo "setup: $*" >&2
  exit 2
}

if has_slurm; then exit 0; fi
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
  fail "no Slurm here (Debian: slurm-wlm munge), and only root with apt-get can install it"
fi
mkdir -p "$(dirname "$log")"
echo "setup: installing slurm-wlm munge" >&2
apt-get -qq update >"$log" 2>&1 || true # the install decides
DEBIAN_FRONTEND=noninteractive apt-get -qq -y install --no-install-recommends slurm-wlm munge >>"$log" 2>&1 ||
  fail "installing slurm-wlm munge failed, see $log"
has_slurm || fail "slurm-wlm and munge are installed, but their programs are not on PATH"
