#!/bin/sh
# Makes what is published of a version, out of a commit and nothing else: the source archive, the bundle, the SBOM (CycloneDX) and
# SHA256SUMS, in build/release/. The version is that of pom.xml.
# usage: tools/release.sh        (make release)
set -eu
cd "$(dirname "$0")/.."

fail() {
  echo "release: $*" >&2
  exit 2
}

changed=$(git -c safe.directory='*' status --porcelain 2>/dev/null) || fail "no git checkout, or no git"
[ -z "$changed" ] || fail "$(echo "$changed" | wc -l) changed or new files (first: $(echo "$changed" | head -n 1)); commit or remove them"
[ -f build/openmpi-cuda.tar.gz ] ||
  fail "no build/openmpi-cuda.tar.gz: run tools/build-openmpi.sh, or put the archive of another machine there"

version=$(sed -n 's,^  <version>\(.*\)</version>$,\1,p' pom.xml)
[ -n "$version" ] || fail "pom.xml has no version"
name=ringattention-$version
release=build/release
rm -rf "$release" "$release.part"
mkdir -p "$release.part"

make bundle
mvn -q -B cyclonedx:makeBom
cp target/bom.json "$release.part/$name.cdx.json"
cp build/bundle.tar.xz "$release.part/$name-linux-x86_64.tar.xz"
# no time of its own in the archive: the same commit has the same bytes
git -c safe.directory='*' archive --prefix="$name/" HEAD | gzip -n -9 >"$release.part/$name.tar.gz"
(cd "$release.part" && sha256sum -- * >../SHA256SUMS.part && mv ../SHA256SUMS.part SHA256SUMS)
mv "$release.part" "$release" # a folder of this name is a whole one
echo "release: $name in $release"
cat "$release/SHA256SUMS"
