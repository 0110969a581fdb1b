#!/bin/bash
# Runs a command beside hosts made of this machine's namespaces: each has its name, network, processes, /tmp and /dev/shm, and a
# link to one switch; all see the same files elsewhere. The command runs on one more of them, "login", which has no ranks. Their
# addresses are known inside of them only. All of it is gone when the command has ended, however it ended. Needs root.
# The command finds HOSTS: a folder with a hostfile, a launch agent, "on HOST COMMAND...", "link HOST down|up|SHAPE", and the
# process of each host that ends it with all it has (HOST.pid).
# usage: src/test/hosts/hosts.sh COUNT COMMAND...
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin
home=$(cd "$(dirname "$0")/../../.." && pwd)
count=$1
shift
HOSTS=$(mktemp -d "$home/build/hosts.XXXXXX")
export HOSTS
nets=ringattention$$ # and a number: names of network namespaces are this machine's
names=()

tear_down() {
  trap '' INT TERM HUP
  [ -z "$command" ] || kill "$command" 2>/dev/null || true
  for pid in "$HOSTS"/*.pid; do
    [ ! -f "$pid" ] || kill -9 "$(cat "$pid")" 2>/dev/null || true
  done
  wait 2>/dev/null || true
  for net in $(ip netns list | awk -v of="$nets" 'index($1, of) == 1 { print $1 }'); do ip netns del "$net"; done
  rm -rf "$HOSTS"
}

# switch: where the links meet
switch() {
  ip netns add "$nets-switch"
  ip -n "$nets-switch" link add bridge type bridge
  ip -n "$nets-switch" link set bridge up
}

# host NAME ADDRESS OPTION...: with options of unshare; its first process sleeps
host() {
  local name=$1 net=$nets-$1
  ip netns add "$net"
  ip -n "$net" link set lo up
  ip -n "$net" link add eth0 type veth peer name "$name" netns "$nets-switch"
  ip -n "$net" address add "$2/24" dev eth0
  ip -n "$net" link set eth0 up
  ip -n "$nets-switch" link set "$name" master bridge up
  shift 2
  # the checkout stays where it is, also below /tmp
  # shellcheck disable=SC2016 # the inner shell's
  (cd "$home" && exec nsenter --net="/run/netns/$net" unshare --mount --uts --ipc "$@" sh -c '
    set -e
    hostname "$1"
    for folder in /tmp /dev/shm; do mount -t tmpfs -o mode=1777 none "$folder"; done
    case $2 in /tmp/*) mkdir -p "$2"; mount --no-canonicalize --bind . "$2" ;; esac
    mount --bind "$2/build/${HOSTS##*/}/hosts" /etc/hosts
    touch "$HOSTS/$1.up"
    exec sleep infinity' sh "$name" "$home") >"$HOSTS/$name.log" 2>&1 &
  echo $! >"$HOSTS/$name.pid"
}

# first NAME: the process whose namespaces are the host's
first() {
  local pid
  until [ -f "$HOSTS/$1.up" ]; do
    kill -0 "$(cat "$HOSTS/$1.pid")" || { sed "s/^/hosts: $1: /" "$HOSTS/$1.log" >&2; exit 1; }
    sleep 0.05
  done
  pid=$(cat "$HOSTS/$1.pid")
  awk '{ print $1 }' "/proc/$pid/task/$pid/children" | grep . || echo "$pid" # with processes of its own it is a child
}

scripts() {
  cat >"$HOSTS/on" <<TEXT
#!/bin/sh
# usage: on HOST COMMAND...: with an environment like that of a new login, and the variables in HOST.env
pid=\$(cat "$HOSTS/\$1.pid")
more=\$(cat "$HOSTS/\$1.env" 2>/dev/null || true)
shift
exec nsenter --target "\$pid" --mount --uts --ipc --net --pid --wd="\$PWD" env -i PATH="$PATH" HOME="$HOME" \$more "\$@"
TEXT
  cat >"$HOSTS/agent" <<TEXT
#!/bin/sh
# usage: agent HOST WORD...: the words are a shell's, as with ssh; of a host whose power is off (HOST.off), it does not hear
host=\$1
shift
"$HOSTS/on" "\$host" sh -c "\$*"
status=\$?
[ ! -e "$HOSTS/\$host.off" ] || sleep 1000
exit "\$status"
TEXT
  cat >"$HOSTS/link" <<TEXT
#!/bin/sh
# usage: link HOST down|up, or link HOST SHAPE..., both ways: of tc qdisc, such as tbf rate 1gbit burst 256k latency 100ms
host=\$1
shift
case \$1 in
  up | down) exec ip -n "$nets-switch" link set "\$host" "\$1" ;;
  *)
    nsenter --target "\$(cat "$HOSTS/\$host.pid")" --net tc qdisc replace dev eth0 root "\$@" &&
      exec nsenter --net="/run/netns/$nets-switch" tc qdisc replace dev "\$host" root "\$@"
    ;;
esac
TEXT
  chmod +x "$HOSTS/on" "$HOSTS/agent" "$HOSTS/link"
}

command=
trap tear_down EXIT
trap 'exit 130' INT TERM HUP
switch
{
  echo "127.0.0.1 localhost"
  echo "10.254.0.254 login"
  for ((i = 1; i <= count; i++)); do echo "10.254.0.$i host$i"; done
} >"$HOSTS/hosts"
host login 10.254.0.254
for ((i = 1; i <= count; i++)); do
  names+=("host$i")
  host "host$i" "10.254.0.$i" --pid --fork --mount-proc
done
for name in login "${names[@]}"; do
  pid=$(first "$name")
  echo "$pid" >"$HOSTS/$name.pid"
done
scripts
nsenter --target "$(cat "$HOSTS/login.pid")" --mount --uts --ipc --net --wd="$PWD" "$@" <&0 &
command=$!
wait "$command"
