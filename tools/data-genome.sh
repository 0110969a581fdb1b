#!/bin/sh
# Provides the genome of inputs/genome.toml in build/genome: a file of your own, or M. tuberculosis H37Rv (4.4 million bases, public
# data of NCBI) out of Debian's package ariba, 2 MB, which is unpacked and not installed. Exit code 2 and one line if it cannot.
#   tools/data-genome.sh [FILE.fasta[.gz]]
set -eu
home=$(cd "$(dirname "$0")/.." && pwd)
folder=$home/build/genome
log=$home/build/data-genome.log
member=usr/lib/python3/dist-packages/ariba/tb_data/NC_000962.3.fa.gz

fail() {
  echo "data-genome: $*" >&2
  exit 2
}

mkdir -p "$home/build"
part=$(mktemp -d "$home/build/genome.XXXXXX")
trap 'rm -rf "$part"' EXIT
mkdir "$part/genome"
chmod 755 "$part/genome"
if [ -n "${1:-}" ]; then
  [ -f "$1" ] && cp "$1" "$part/genome" || fail "no such file: $1"
else
  other="make data-genome GENOME=FILE takes a FASTA file of yours"
  command -v apt-get >/dev/null && command -v dpkg >/dev/null || fail "no apt-get here, which could fetch a genome: $other"
  [ "$(id -u)" != 0 ] || apt-get -qq update >"$log" 2>&1 || true # the download decides
  (cd "$part" && apt-get -qq download ariba >>"$log" 2>&1) || fail "Debian's package ariba cannot be fetched, see $log: $other"
  dpkg -x "$part"/ariba_*.deb "$part/package"
  [ -f "$part/package/$member" ] || fail "Debian's package ariba has no $member any more: $other"
  mv "$part/package/$member" "$part/genome"
fi
rm -rf "$folder"
mv "$part/genome" "$folder"
