#!/bin/bash
# The program on the hosts of hosts.sh, which must be four: the same bits as on one host, what becomes of a run where a host has
# no corpus, disk, clock or JDK like the others', and where hosts lose each other: FAULTS random ones (1), by SEED. PARTS names some of "differs slurm slow lost", which are all; "none" for none.
# usage: src/test/hosts/hosts.sh 4 src/test/hosts/test.sh        (make test-hosts)
set -euo pipefail
cd "$(dirname "$0")/../../.."
work=$HOSTS/work # as every host sees it
mkdir "$work"
export OMPI_MCA_plm_rsh_agent=$HOSTS/agent
export RINGATTENTION_JAVA_OPTIONS=-XX:TieredStopAtLevel=1 # most of a short run is its start
unset OPENBLAS_CORETYPE # other hosts, without this environment, are to compute the same bits
failed=0
limit=600 # seconds; two idle cores need a seventh of it

find build/text -name '*.java' | sort | sed -n 1,20p | xargs -d '\n' cat >"$work/text.java"
cat >"$work/test.toml" <<TEXT
model = { hidden = 32, layers = 1, heads = 2, headSize = 16, feedForward = 32 }
train = { sequence = 128, steps = 4, learningRate = 1e-2, warmupSteps = 1 }
checkpoint = { every = 2 }
data = { path = "$work/text.java" }
output = { plots = false, tensorboard = false, model = "fp32" }
TEXT

# check WHAT COMMAND...
check() {
  local what=$1
  shift
  if "$@" >"$work/check.log" 2>&1; then
    echo "PASSED  $what"
  else
    failed=$((failed + 1))
    echo "FAILED  $what"
    sed 's/^/        /' "$work/check.log" | tail -n 15
  fi
}

section() { printf '# %s (%d s)\n' "$1" "$SECONDS"; }

# command_of HOST:COUNT... -- ARGUMENTS...: sets command to the program on so many ranks of these hosts
command_of() {
  local count=0 spec
  : >"$work/hostfile"
  while [ "$1" != -- ]; do
    spec=$1
    echo "host${spec%:*} slots=${spec#*:}" >>"$work/hostfile"
    count=$((count + ${spec#*:}))
    shift
  done
  shift
  command=(bin/mpirun --hostfile "$work/hostfile" -np "$count" -x RINGATTENTION_JAVA_OPTIONS bin/ringattention "$@")
}

ranks() {
  local command
  command_of "$@"
  timeout -k 5 "$limit" "${command[@]}"
}

train() {
  local name=$1
  shift
  ranks "${on[@]}" -- train "$work/test.toml" -o "$work/$name" "$@"
}

# ends CODE TEXT COMMAND...: exits with the code and says the text, a pattern
ends() {
  local code=$1 text=$2 status=0
  shift 2
  "$@" >"$work/ends.log" 2>&1 || status=$?
  tail -n 12 "$work/ends.log"
  echo "exit code $status, expected $code; expected text: $text"
  [ "$status" = "$code" ] && grep -E -q -- "$text" "$work/ends.log"
}

losses() { cut -d , -f 1,2 "$work/$1/steps.csv"; }

same_losses() { diff <(losses "$1") <(losses "$2"); }

section "four ranks on one, two and four hosts"
on=(1:4)
check "train on one" train one
on=(1:2 2:2)
check "train on two" train two
check "the losses of one, bit for bit" same_losses one two
dealt_out_in_turns() { OMPI_MCA_rmaps_base_mapping_policy=node ends 0 "$1" train turns; }
check "ranks dealt out in turns are ordered by host" dealt_out_in_turns '^between hosts  2 of 4 hops: rank 1 to 2, rank 3 to 0$'
check "the losses of one, bit for bit" same_losses one turns
on=(1:1 2:1 3:1 4:1)
check "go on, on four, behind step 2 on two" train four -D checkpoint.resume=\""$work/two/checkpoints/step_2"\"
check "the losses of one, bit for bit" diff <(losses one | tail -n 2) <(losses four | tail -n 2)
on=(1:2 2:2)
check "validate on two" ends 0 '^VALID' ranks "${on[@]}" -- validate inputs/validate.toml -D 'validate.lengths=[64]' -D 'validate.growth=[256]'
check "generate on two" ends 0 . ranks 1:1 2:1 -- generate inputs/generate.toml -D model.checkpoint=\""$work/two/model"\" \
  -D generate.maxNewTokens=4 --prompt public

has_part() { [[ " ${PARTS:-differs slurm slow lost} " == *" $1 "* ]]; }

# Each of these hosts lacks something for one run; a host's mounts are its own.
on=(1:1 2:1)
other() { "$HOSTS/on" host2 "$@"; }

if has_part differs; then
  section "host2 is not like host1"
  tr e o <"$work/text.java" >"$work/other.java"
  other mount --bind "$work/other.java" "$work/text.java"
  check "another corpus: refused" ends 2 '^ringattention: rank 1 differs from rank 0 in corpus \(digest' train corpus
  other umount "$work/text.java"
  check "no folder is left" test ! -e "$work/corpus"
  for host in host1 host2; do
    "$HOSTS/on" "$host" sh -c "mount --bind '$work' '$work' && mount -o remount,ro,bind '$work'"
    case $host in
      host1) check "host1 cannot write" ends 2 "^ringattention: output folder .*: Read-only file system" train "$host" ;;
      host2) check "host2 cannot write" ends 1 "^INVALID: cannot write .*/rank_1.bin: .*: Read-only file system" train "$host" ;;
    esac
    "$HOSTS/on" "$host" umount --lazy "$work"
  done
  other sh -c 'mount -o remount,size=1m /tmp && ! head -c 1100000 /dev/zero >/tmp/full 2>/dev/null'
  check "no room in /tmp" ends 2 '^ringattention: /tmp on host2 has 0 KiB left' train tmp
  other sh -c 'rm /tmp/full && mount -o remount,size=1g /tmp'
  java=$(readlink -f "$(command -v java)")
  : >"$work/empty"
  other mount --bind "$work/empty" "$java"
  check "no JDK" ends 2 '^ringattention: no java on host2' train jdk
  other umount "$java"
  if cc -shared -fPIC -o "$work/tomorrow.so" src/test/hosts/tomorrow.c -ldl 2>"$work/cc.log"; then
    echo "LD_PRELOAD=$work/tomorrow.so" >"$HOSTS/host2.env"
    check "it has tomorrow's date" test "$(other date +%s)" -gt "$(($(date +%s) + 80000))"
    on=(1:2 2:2)
    check "trains" train tomorrow
    check "the losses of one host, bit for bit" same_losses one tomorrow
    rm "$HOSTS/host2.env"
  else
    echo "NOT CHECKED  another date (no C compiler)"
  fi
fi

if has_part slurm; then
  section "Slurm on host1 and host2"
  if command -v slurmd >/dev/null && command -v munged >/dev/null; then
    export WORK=$work
    if src/test/slurm/cluster.sh src/test/hosts/slurm.sh; then :; else failed=$((failed + 1)); fi
    for launcher in srun mpirun; do
      check "by $launcher: the losses of one host, bit for bit" same_losses one "$launcher"
    done
  else
    echo "NOT CHECKED  Slurm (none here: tools/setup-slurm.sh)"
  fi
fi

# shaped NAME SHAPE...: trains with links of that shape, to the same losses
shaped() {
  local name=$1 shape=("${@:2}")
  if "$HOSTS/link" host1 "${shape[@]}" 2>"$work/tc.log" && "$HOSTS/link" host2 "${shape[@]}" 2>"$work/tc.log"; then
    check "trains with ${shape[*]}" train "$name"
    check "the losses of one host, bit for bit" same_losses one "$name"
  else
    echo "NOT CHECKED  ${shape[*]} (this kernel: $(head -n 1 "$work/tc.log"))"
    return 1
  fi
}

# slow_hops FOLDER: hops between hosts are no faster than the link, and not far below it; those within are faster
slow_hops() {
  cat "$work/$1/ring_hops.csv"
  awk -F , 'NR > 1 && $3 == "other-host" { hops++; if ($6 > 0.13 || $6 < 0.0125) bad++ }
    NR > 1 && $3 == "same-host" { hops++; if ($6 < 0.125) bad++ }
    END { exit !(hops == 4 && !bad) }' "$work/$1/ring_hops.csv"
}

if has_part slow; then
  section "slow links"
  on=(1:2 2:2)
  shaped delay netem delay 10ms loss 1% || true
  if shaped rate tbf rate 1gbit burst 64k latency 100ms; then
    check "bench ring-exchange" ranks "${on[@]}" -- bench ring-exchange -o "$work/hops" -D 'benchRing.bytes=[4194304]' -D benchRing.repeats=5
    check "1 Gb/s between hosts, more within" slow_hops hops
  fi
  for host in host1 host2; do "$HOSTS/link" "$host" pfifo_fast; done
fi

on=(1:2 2:2)
network=6 # seconds, timeout.network
long=(-D train.steps=100000 -D train.warmupSteps=1 -D checkpoint.every=5 -D timeout.network=$network)

# start NAME ARGUMENTS...: a long run in the background; sets run to its process
start() {
  local name=$1 command
  shift
  command_of "${on[@]}" -- train "$work/test.toml" -o "$work/$name" "${long[@]}" "$@"
  "${command[@]}" >"$work/$name.log" 2>&1 &
  run=$!
}

steps() { if [ -f "$work/$1/steps.csv" ]; then wc -l <"$work/$1/steps.csv"; else echo 0; fi; }

# until_true COMMAND...: waits, half a minute at most
until_true() {
  local end=$((SECONDS + ${seconds:-30}))
  until "$@"; do
    if ((SECONDS >= end)); then
      echo "waited in vain: $*"
      return 1
    fi
    sleep 0.2
  done
}

has_steps() { (($(steps "$1") > $2)); }
says() { grep -E -q -- "$2" "$work/$1.log"; }
ended() { ! kill -0 "$run" 2>/dev/null; }
living() { "$HOSTS/on" "$1" ps -C java -o stat= | grep -v Z; }
no_rank() { ! living host1 && ! living host2; }

# stop_early NAME: as a job script does
stop_early() {
  kill -USR1 "$run"
  until_true ended && wait "$run"
  [ $? = 75 ] || { tail -n 5 "$work/$1.log"; return 1; }
}

# on_to NAME STEPS: goes on with the run, up to so many steps at least, and compares what it has learned with a whole run's
on_to() {
  start "$1" --resume
  seconds=60 until_true has_steps "$1" "$2" || { tail -n 5 "$work/$1.log"; return 1; }
  stop_early "$1"
  local common=$(($(steps "$1") < $(steps whole) ? $(steps "$1") : $(steps whole)))
  diff <(losses whole | head -n $((common - 1))) <(losses "$1" | head -n $((common - 1)))
}

# lost NAME KIND HOST: the run that has been started ends, with the reason
lost() {
  local begin=$SECONDS status=0 other=host1
  [ "$3" != host1 ] || other=host2
  seconds=$((network + 25)) until_true ended || return 1
  wait "$run" || status=$?
  echo "$2 of $3: exit code $status after $((SECONDS - begin)) s"
  tail -n 5 "$work/$1.log"
  [ "$status" = 1 ] && says "$1" "^ringattention: rank . of 4 on .*: no word from rank . on $3.* for $network seconds" &&
    until_true test -z "$(living "$other")" && { [ "$2" != down ] || until_true no_rank; }
}

# fault NAME KIND HOST DELAY: what happens to a host, so long after its run has begun, and what becomes of the run
fault() {
  local name=$1 kind=$2 host=$3 before
  start "$name"
  seconds=60 until_true says "$name" '^started ' || return 1
  sleep "$4"
  case $kind in
    down) "$HOSTS/link" "$host" down ;;
    power) # nothing that it would still say is heard
      "$HOSTS/link" "$host" down
      touch "$HOSTS/$host.off"
      "$HOSTS/on" "$host" sh -c 'kill -KILL -1' || true
      ;;
    stall) "$HOSTS/on" "$host" sh -c 'kill -STOP -1' ;;
    drop)
      "$HOSTS/link" "$host" down
      sleep 2
      "$HOSTS/link" "$host" up
      before=$(steps "$name")
      seconds=60 until_true has_steps "$name" $((before + 5)) || { tail -n 5 "$work/$name.log"; return 1; }
      stop_early "$name" && on_to "$name" $((before + 10))
      return
      ;;
  esac
  lost "$name" "$kind" "$host" || { heal "$host"; return 1; }
  heal "$host"
  until_true no_rank && on_to "$name" $(($(steps "$name") + 3))
}

heal() {
  rm -f "$HOSTS/$1.off"
  "$HOSTS/link" "$1" up
  "$HOSTS/on" "$1" sh -c 'kill -CONT -1' || true
}

if has_part lost; then
  section "hosts that lose each other"
  start whole
  seconds=60 until_true has_steps whole 60
  check "a whole run" stop_early whole
  seed=${SEED:-$RANDOM}
  RANDOM=$seed
  kinds=(down drop power stall)
  echo "SEED=$seed"
  for ((i = 0; i < ${FAULTS:-1}; i++)); do
    kind=${kinds[i % 4]} # the first is the one that must not be missing
    host=host$((RANDOM % 2 + 1))
    delay=$((RANDOM % 6)).$((RANDOM % 10))
    check "$kind of $host after $delay s" fault "fault$i" "$kind" "$host" "$delay"
  done
fi

echo "test-hosts: $failed failed, $SECONDS s"
((failed == 0))
