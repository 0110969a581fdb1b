#!/bin/sh
# Trains many short steps on 2 ranks and fails if memory or open files of a rank grow: what leaks a little in each step shows.
# usage: tools/test-long.sh [STEPS]        (make test-long: 10000)
set -eu
cd "$(dirname "$0")/.."
steps=${1:-10000}
output=$(mktemp -d)/long
trap 'rm -rf "$(dirname "$output")"' EXIT

# code is compiled ten times sooner, so that it is before step 500, and the whole heap is there from the start: a leak on it runs
# into its limit, any other adds to the resident memory
RINGATTENTION_JAVA_OPTIONS="-Xms1g -Xmx1g -XX:+AlwaysPreTouch -Xbatch -XX:CompileThresholdScaling=0.1 ${RINGATTENTION_JAVA_OPTIONS:-}" \
  tools/mpirun.sh -np 2 bin/ringattention train inputs/long.toml -D train.steps="$steps" -o "$output"

for check in "process memory is flat" "open files are flat"; do
  grep -q "^\"$check\",2,.*,PASSED\$" "$output/checks.csv" || {
    echo "test-long: not passed: $check" >&2
    exit 1
  }
done
