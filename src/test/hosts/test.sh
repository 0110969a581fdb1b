#!/bin/bash
# The program on the hosts of hosts.sh, which must be four: the same bits as on one host, and what becomes of a run where a host
# has no corpus, disk, clock or JDK like the others'.
# usage: src/test/hosts/hosts.sh 4 src/test/hosts/test.sh        (make test-hosts)
set -euo pipefail
cd "$(dirname "$0")/../../.."
work=$HOSTS/work # as every host sees it
mkdir "$work"
export OMPI_MCA_plm_rsh_agent=$HOSTS/agent
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

# ranks HOST:COUNT... -- ARGUMENTS...: the program on so many ranks of these hosts
ranks() {
  local count=0 spec
  : >"$work/hostfile"
  while [ "$1" != -- ]; do
    spec=$1
    echo "host${spec%:*} slots=${spec#*:}" >>"$work/hostfile"
    count=$((count + ${spec#*:}))
    shift
  done
  shift
  timeout -k 5 "$limit" bin/mpirun --hostfile "$work/hostfile" -np "$count" "${options[@]}" bin/ringattention "$@"
}
options=() # more of mpirun's

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
on=(1:1 2:1 3:1 4:1)
check "go on, on four, behind step 2 on two" train four -D checkpoint.resume=\""$work/two/checkpoints/step_2"\"
check "the losses of one, bit for bit" diff <(losses one | tail -n 2) <(losses four | tail -n 2)
on=(1:2 2:2)
check "validate on two" ends 0 '^VALID' ranks "${on[@]}" -- validate inputs/validate.toml -D 'validate.lengths=[64]' -D 'validate.growth=[256]'
check "generate on two" ends 0 . ranks "${on[@]}" -- generate inputs/generate.toml -D model.checkpoint=\""$work/two/model"\" \
  -D generate.maxNewTokens=4 --prompt public

# Each of these hosts lacks something for one run; a host's mounts are its own.
on=(1:1 2:1)
other() { "$HOSTS/on" host2 "$@"; }

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

echo "test-hosts: $failed failed, $SECONDS s"
((failed == 0))
