#!/bin/sh
# Changes the program in small ways and asks whether the tests notice: pitest on one package at a time, with that package's own
# tests; what it finds goes to docs/mutation.md. Minutes a package; what an earlier run found and no change concerns is not tried
# again: build/mutation/PACKAGE.history. Do not build anything here meanwhile.
# usage: tools/mutation.sh COMMIT [PACKAGE...]
set -eu
cd "$(dirname "$0")/.."
commit=$1
shift
[ $# -gt 0 ] || set -- shard parallel attention validate train data checkpoint model
mkdir -p build/mutation
mvn -q -B -Dgit.commit="$commit" test-compile

status=0
for package; do
  echo "$package: log in build/mutation/$package.log, mutants by line in build/mutation/$package/index.html"
  mvn -B -ntp -Dmutation.package="$package" org.pitest:pitest-maven:mutationCoverage > "build/mutation/$package.log" 2>&1 || {
    tail -n 40 "build/mutation/$package.log" >&2
    exit 2
  }
  java -cp target/test-classes ringattention.mutation.MutationTable "$package" "$commit" || status=1
done
exit $status
