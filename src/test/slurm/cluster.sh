#!/bin/bash
# Runs a command beside a real Slurm of this machine alone: munge, slurmctld and two slurmd of 8 cores and 4 GPUs each (device
# files that are no GPUs), everything in one temporary folder. All of it is gone when the command has ended, however it ended.
# Needs root; the command finds the cluster by SLURM_CONF. Below src/test/hosts/hosts.sh, the two nodes are its first two hosts.
# usage: src/test/slurm/cluster.sh COMMAND...
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin
dir=$(mktemp -d "${HOSTS:-/tmp}/slurm.XXXXXX")
port=$((20000 + $$ % 3000 * 4)) # below those that the kernel hands out
export SLURM_CONF=$dir/slurm.conf
nodes=n[0-1]
names=(n0 n1)
if [ -n "${HOSTS:-}" ]; then
  nodes=host[1-2]
  names=(host1 host2)
fi

say() { echo "cluster: $*" >&2; }

fail() {
  say "$*"
  tail -n 5 "$dir"/*.log >&2
  exit 1
}

# within SECONDS COMMAND...: until the command succeeds
within() {
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    if ((SECONDS >= end)); then return 1; fi
    sleep 0.2
  done
}

no_jobs() { [ -z "$(squeue --noheader)" ]; }

tear_down() {
  trap '' INT TERM HUP
  [ -z "$command" ] || kill "$command" 2>/dev/null || true
  if [ -f "$dir/slurmctld.pid" ]; then
    scancel --user=root 2>/dev/null || true
    within 15 no_jobs || say "jobs are left"
  fi
  for pid in "$dir"/*.pid; do
    [ ! -f "$pid" ] || kill "$(cat "$pid")" 2>/dev/null || true
  done
  within 10 gone || say "daemons are left"
  rm -rf "$dir"
}

gone() {
  for pid in "$dir"/*.pid; do
    if [ -f "$pid" ] && kill -0 "$(cat "$pid")"; then return 1; fi
  done
}

configure() {
  local host gpu pids=$dir address=127.0.0.1 place
  host=$(hostname)
  place="NodeHostname=$host NodeAddr=127.0.0.1 Port=[$((port + 1))-$((port + 2))]"
  if [ -n "${HOSTS:-}" ]; then
    address=$(awk -v name="$host" '$2 == name { print $1 }' /etc/hosts)
    place="Port=$((port + 1))"
    pids=/tmp # of the host, whose numbers of processes are its own
  fi
  for gpu in 0 1 2 3; do mknod "$dir/gpu$gpu" c 1 3; done
  echo "NodeName=$nodes Name=gpu File=$dir/gpu[0-3]" >"$dir/gres.conf"
  cat >"$SLURM_CONF" <<TEXT
ClusterName=test
SlurmctldHost=$host($address)
SlurmctldPort=$port
SlurmctldPidFile=$dir/slurmctld.pid
SlurmctldLogFile=$dir/slurmctld.log
SlurmUser=root
SlurmdUser=root
SlurmdPidFile=$pids/slurmd.%n.pid
SlurmdLogFile=$dir/slurmd.%n.log
SlurmdSpoolDir=$dir/spool.%n
SlurmdParameters=config_overrides
StateSaveLocation=$dir/state
AuthType=auth/munge
AuthInfo=socket=$dir/munge.socket
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0
GresTypes=gpu
JobRequeue=1
KillWait=5
ReturnToService=2
NodeName=$nodes $place CPUs=8 RealMemory=8000 Gres=gpu:4
PartitionName=all Nodes=ALL Default=YES MaxTime=60
TEXT
}

start() {
  mkdir "$dir/state"
  (umask 077 && head -c 1024 /dev/urandom >"$dir/munge.key")
  munged --force --key-file="$dir/munge.key" --socket="$dir/munge.socket" --pid-file="$dir/munge.pid" \
    --log-file="$dir/munge.log" --seed-file="$dir/munge.seed" --origin=127.0.0.1 2>"$dir/start.log" || fail "munged did not start"
  slurmctld -i -f "$SLURM_CONF" 2>>"$dir/start.log" || fail "slurmctld did not start"
  for node in "${names[@]}"; do
    mkdir "$dir/spool.$node"
    ${HOSTS:+"$HOSTS/on" "$node"} slurmd -N "$node" -f "$SLURM_CONF" 2>>"$dir/start.log" || fail "slurmd of $node did not start"
  done
  within 30 idle || fail "the nodes did not become idle"
}

idle() { [ "$(sinfo --noheader -o '%D %t')" = "2 idle" ]; }

command=
trap tear_down EXIT
trap 'exit 130' INT TERM HUP
configure
start
"$@" <&0 &
command=$!
wait "$command"
