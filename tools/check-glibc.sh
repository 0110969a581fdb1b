#!/bin/sh
# Fails if a library or program of a folder asks for a newer C or C++ library than RHEL 9 has: glibc 2.34, and GCC 11's libstdc++
# (GLIBCXX_3.4.29, CXXABI_1.3.13) and libgcc (GCC_7.0.0). Lists those that ask for more than glibc 2.28, which is RHEL 8's. A version
# that is marked weak is not asked for: the linker starts the program without it.
# usage: tools/check-glibc.sh FOLDER [GLIBC]             GLIBC: another limit than 2.34
set -eu
folder=$1
limit=${2:-2.34}
listed=2.28
command -v readelf >/dev/null || {
  echo "check-glibc: no readelf (Debian: binutils)" >&2
  exit 2
}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# every file that begins as ELF does, whatever its name
find "$folder" -type f -size +3c -exec head -v -c 4 {} + | LC_ALL=C awk '
  /^==> .* <==$/ { file = substr($0, 5, length($0) - 8); next }
  /^.ELF$/ { print file }' | LC_ALL=C sort >"$scratch/files"
[ -s "$scratch/files" ] || {
  echo "check-glibc: no library and no program in $folder" >&2
  exit 2
}

# the first file twice: of a single one readelf would not say the name
# shellcheck disable=SC2094 # two readers
LC_ALL=C xargs -d '\n' readelf -V -W "$(head -n 1 "$scratch/files")" <"$scratch/files" >"$scratch/versions" 2>"$scratch/errors" || true
if grep 'Error' "$scratch/errors" >"$scratch/error"; then # readelf ends with 0 all the same
  echo "check-glibc: cut off, or no whole ELF file: $(head -n 1 "$scratch/error")" >&2
  exit 2
fi

# one line for each version that a file needs: FILE NAME VERSION; what it defines itself is in another section
awk '
  /^File: / { file = substr($0, 7) }
  /^Version / { needs = /^Version needs section/ }
  needs && / Name: / && !/ WEAK/ {
    for (i = 1; i < NF; i++) if ($i == "Name:" && match($(i + 1), /_[0-9.]+$/))
      print file, substr($(i + 1), 1, RSTART - 1), substr($(i + 1), RSTART + 1)
  }' "$scratch/versions" | LC_ALL=C sort -u >"$scratch/needs"

set -- GLIBC "$limit" GLIBCXX 3.4.29 CXXABI 1.3.13 GCC 7.0.0
awk -v listed="$listed" -v files="$(wc -l <"$scratch/files")" '
  function newer(one, other,    a, b, i, n, m) {
    n = split(one, a, "."); m = split(other, b, ".")
    for (i = 1; i <= n || i <= m; i++) if (a[i] + 0 != b[i] + 0) return a[i] + 0 > b[i] + 0
    return 0
  }
  BEGIN {
    for (i = 1; i < ARGC - 1; i += 2) { limit[ARGV[i]] = ARGV[i + 1]; ARGV[i] = ""; ARGV[i + 1] = "" }
  }
  {
    name = $(NF - 1); version = $NF; file = $0
    sub(/ [^ ]+ [^ ]+$/, "", file)
    if (name in limit && newer(version, limit[name])) bad[++bads] = file " asks for " name "_" version ", the limit is " limit[name]
    if (name == "GLIBC" && newer(version, most)) most = version
    if (name == "GLIBC" && newer(version, listed) && (!(file in top) || newer(version, top[file]))) top[file] = version
  }
  END {
    for (file in top) { above++; print "  GLIBC_" top[file] " " file | "sort -V" }
    close("sort -V")
    print "check-glibc: " files " files, " above + 0 " ask for more than glibc " listed ", the most is " most
    for (i = 1; i <= bads; i++) print "check-glibc: " bad[i] > "/dev/stderr"
    exit bads ? 1 : 0
  }' "$@" "$scratch/needs"
