#!/bin/sh
# Puts everything a run needs into one folder that works from anywhere, also read-only: the program, a JVM, a CUDA-aware Open
# MPI, the tutorial's text. It has the layout of a checkout, so that the same scripts serve both. Packs it as FOLDER.tar.xz.
# usage: tools/bundle.sh FOLDER VERSION        (make bundle)
set -eu
cd "$(dirname "$0")/.."
bundle=$1
version=$2
limit_kib=45056 # 44 MiB: the tokenizers' library alone is 3.6 MiB packed
modules=java.base,java.desktop,java.logging,java.management,jdk.incubator.vector,jdk.unsupported
bin=${JAVA_HOME:+$JAVA_HOME/bin/}

fail() {
  echo "bundle: $*" >&2
  exit 2
}

[ -f build/openmpi-cuda.tar.gz ] ||
  fail "no build/openmpi-cuda.tar.gz: run tools/build-openmpi.sh, or put the archive of another machine there"
command -v "${bin}jlink" >/dev/null || fail "no ${bin}jlink: it is part of a JDK (Debian: openjdk-17-jdk-headless)"
command -v xz >/dev/null || fail "no xz (Debian: xz-utils)"
command -v readelf >/dev/null || fail "no readelf (Debian: binutils)"

# For archives that tools/build-openmpi.sh made on glibc 2.36 before it knew better: libevent takes its random numbers, which nothing
# here draws, from two functions of that version. Marked weak, an older glibc says one line, "weak version not found", and starts.
weaken_libevent() {
  for library in "$bundle"/ompi/lib/libevent_core-*.so.*; do
    if [ -L "$library" ] || [ ! -f "$library" ]; then continue; fi
    symbols=$(LC_ALL=C readelf -W --dyn-syms "$library" | sed -n 's/.* \([^ ]*\)@GLIBC_2\.36.*/\1/p' | sort | tr '\n' ' ')
    [ "$symbols" = "arc4random arc4random_buf " ] || continue
    # vna_flags, two bytes, are the fifth and sixth of an entry; 2 is VER_FLG_WEAK
    place=$(LC_ALL=C readelf -V -W "$library" | awk '
      /^Version / { needs = /^Version needs section/ }
      needs && / Offset: / { for (i = 1; i < NF; i++) if ($i == "Offset:") section = $(i + 1) }
      needs && / Name: GLIBC_2\.36 / { sub(/:$/, "", $1); print section, "+", $1, "+ 4" }')
    # shellcheck disable=SC2004 # an expression, not a number
    printf '\002\000' | dd of="$library" bs=1 seek="$(($place))" conv=notrunc 2>/dev/null
  done
}

# NOTICE names these; the JVM has its own in jre/legal
copy_licences() {
  cp LICENSE NOTICE target/THIRD-PARTY.txt "$bundle"
  mkdir "$bundle/licences"
  # of the system's libraries that came along, where the system is Debian's
  command -v dpkg-query >/dev/null || return 0
  for library in "$bundle"/jre/lib/*.so.* "$bundle"/ompi/lib/libnuma.so.* "$bundle"/ompi/lib/libnl-*.so.* "$bundle"/ompi/lib/libz.so.*; do
    package=$(dpkg-query -S "*/$(basename "$library")" 2>/dev/null | sed -n '1s/:.*//p')
    text=/usr/share/doc/$package/copyright
    if [ -n "$package" ] && [ -f "$text" ]; then cp -L "$text" "$bundle/licences/$package"; fi
  done
}

rm -rf "$bundle" "$bundle.tar.xz"
mkdir -p "$bundle/target/lib" "$bundle/build/mpi"
echo "$version" >"$bundle/VERSION"
cp -a bin inputs share slurm tools "$bundle"
mkdir "$bundle/outputs" # Slurm writes job logs there, and makes no folders
rm "$bundle"/tools/build-openmpi.sh "$bundle"/tools/bundle.sh "$bundle"/tools/setup-*.sh "$bundle"/tools/unpack-natives.sh \
  "$bundle"/tools/results-page.sh "$bundle"/tools/release.sh
cp -a target/ringattention.jar "$bundle/target"
cp -a target/natives "$bundle/target"
for jar in target/lib/*.jar; do
  case $jar in
    *-linux-x86_64.jar) ;; # unpacked in natives
    */tokenizers-*.jar)
      # its libraries too; what is left are the classes that call them
      (
        cd "$bundle/target/lib"
        "${bin}jar" --extract --file "$OLDPWD/$jar" ai/djl/huggingface/tokenizers/jni
        "${bin}jar" --create --no-manifest --file "$(basename "$jar")" ai
        rm -r ai
      )
      ;;
    *) cp -a "$jar" "$bundle/target/lib" ;;
  esac
done
cp -a build/text "$bundle/build"
mkdir "$bundle/validation"
cp -a validation/transformers "$bundle/validation"
cp -a validation/extension validation/retrieval validation/rl "$bundle/validation"
mkdir "$bundle/validation/peers" # the programs; records stay here
cp -a validation/peers/compare.py validation/peers/context_parallel.py "$bundle/validation/peers"

tar -xzf build/openmpi-cuda.tar.gz -C "$bundle"
weaken_libevent
ln -s ../../ompi/lib/mpi.jar "$bundle/build/mpi/mpi.jar"
# read by both scripts, which have set $home: where the folder lies at that time
cat >"$bundle/build/mpi/env" <<'TEXT'
MPIRUN=$home/ompi/bin/mpirun
OMPI_LIB_DIR=$home/ompi/lib
MPI_CUDA=1
export OPAL_PREFIX="$home/ompi" PMIX_PREFIX="$home/ompi" PRTE_PREFIX="$home/ompi" UCX_MODULE_DIR="$home/ompi/lib/ucx"
# its parts for CUDA do not load on a machine without a driver, and would say so
export OMPI_MCA_mca_base_component_show_load_errors="${OMPI_MCA_mca_base_component_show_load_errors-0}"
TEXT

# not compressed: xz does it better
"${bin}jlink" --add-modules "$modules" --strip-debug --no-header-files --no-man-pages --compress=0 --output "$bundle/jre"
tools/bundle-fonts.sh "$bundle/jre"
copy_licences
tools/check-glibc.sh "$bundle" >build/check-glibc.log || fail "does not start on glibc 2.34 (RHEL 9); all of it: build/check-glibc.log"
tail -n 1 build/check-glibc.log

tar -cf - --owner=0 --group=0 --sort=name -C "$(dirname "$bundle")" "$(basename "$bundle")" | xz -T0 -2 >"$bundle.tar.xz.part"
mv "$bundle.tar.xz.part" "$bundle.tar.xz"
size_kib=$(du -k "$bundle.tar.xz" | cut -f 1)
echo "bundle: $bundle.tar.xz, $size_kib KiB; $(du -sm "$bundle" | cut -f 1) MiB unpacked"
[ "$size_kib" -le "$limit_kib" ] || fail "larger than $limit_kib KiB"
