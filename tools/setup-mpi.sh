#!/bin/sh
# Provides what the build needs: JDK 17 or newer, Maven, and an Open MPI with Java bindings. Uses what is there; installs
# Debian's or Ubuntu's packages only if something is missing and this user may: as root, or by sudo, which it says before it calls it.
# Writes build/mpi/{mpi.jar,env}.
# usage: tools/setup-mpi.sh [--installs-nothing]         (make setup; with the option part of make build: what is missing ends it)
#
# Where Open MPI is looked for, first match wins:
#   OMPI_JAR=/path/to/mpi.jar   MPI_HOME=/prefix   the mpirun on PATH with lib/mpi.jar beside it   the system's packages
set -eu

home=$(cd "$(dirname "$0")/.." && pwd)
out=$home/build/mpi
log=$out/setup.log
installs=1
case ${1:-} in
  '') ;;
  --installs-nothing) installs=0 ;;
  *)
    echo "setup: unknown option $1; there is --installs-nothing" >&2
    exit 2
    ;;
esac

javac_path() {
  if [ -n "${JAVA_HOME:-}" ]; then echo "$JAVA_HOME/bin/javac"; else command -v javac || true; fi
}

# all that decides the outcome; when nothing of it has changed, or this user cannot change it, there is nothing to do
key="$(javac_path)|$(command -v mvn || true)|$(command -v mpirun || true)|${OMPI_JAR:-}|${MPI_HOME:-}"
if [ -f "$out/env" ] && [ -e "$out/mpi.jar" ]; then
  # shellcheck source=/dev/null
  . "$out/env"
  # shellcheck disable=SC2153 # of env
  if [ -x "$MPIRUN" ] && { [ "${SETUP_KEY:-}" = "$key" ] || [ ! -w "$out/env" ]; }; then exit 0; fi
fi

say() { echo "setup: $*" >&2; }

fail() {
  say "$*"
  exit 2
}

missing_rights() {
  cat >&2 <<TEXT
setup: missing: $*
setup: this user may not install packages (neither root nor sudo without a password), or there is no apt-get. Please provide
  - JDK 17 or newer       JAVA_HOME=/path, or javac on PATH        Debian: openjdk-17-jdk-headless
  - Maven 3.6.3 or newer  mvn on PATH                              Debian: maven
  - Open MPI 4.1 or 5.0 built with --enable-mpi-java: load its module so that mpirun is on PATH, or set MPI_HOME=/prefix
    (with lib/mpi.jar), or OMPI_JAR=/path/to/mpi.jar               Debian: openmpi-bin libopenmpi-dev xz-utils
    Java bindings end with Open MPI 5.0: version 6, MPICH, Intel MPI and Cray MPI have none.
and run this again. From Debian's packages it makes mpi.jar by itself, without any rights.
TEXT
  exit 2
}

quietly() { # runs a command; shows what it said only if it fails
  "$@" >>"$log" 2>&1 || {
    tail -n 20 "$log" >&2
    fail "failed: $* (all of it: $log)"
  }
}

install_packages() {
  if [ "$installs" = 0 ]; then
    fail "missing: $*; this installs nothing: run make setup, which does, as root or by sudo, or names what to provide"
  fi
  command -v apt-get >/dev/null || missing_rights "$@"
  if [ "$(id -u)" = 0 ]; then
    say "installing $*"
    as_root=
  else
    say "calling sudo, to install $* with apt-get"
    as_root="sudo -n"
    $as_root true 2>/dev/null || missing_rights "$@"
  fi
  # one dead repository among many must not stop us: the install decides
  $as_root apt-get -qq update >>"$log" 2>&1 || say "apt-get update had errors, going on ($log)"
  # shellcheck disable=SC2086 # no word or two
  quietly $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y install --no-install-recommends "$@"
}

has_jdk() {
  javac=$(javac_path)
  [ -n "$javac" ] && [ -x "$javac" ] || return 1
  major=$("$javac" -version 2>&1 | sed -n 's/^javac \([0-9]*\).*/\1/p')
  [ "${major:-0}" -ge 17 ]
}

jdk_package() { # newer distributions have dropped 17
  if apt-cache show openjdk-17-jdk-headless >/dev/null 2>&1; then
    echo openjdk-17-jdk-headless
  else
    echo default-jdk-headless
  fi
}

provide_java() {
  packages=
  has_jdk || packages=$(jdk_package)
  command -v mvn >/dev/null || packages="$packages maven"
  command -v make >/dev/null || packages="$packages make"
  # shellcheck disable=SC2086 # a list
  [ -z "$packages" ] || install_packages $packages
  has_jdk || fail "javac is still not 17 or newer ($(javac_path)); set JAVA_HOME to a JDK 17 or newer"
}

# use_prefix PREFIX JAR: an Open MPI that is already there
use_prefix() {
  jar=$2
  mpirun=$1/bin/mpirun
  [ -x "$mpirun" ] || mpirun=$(command -v mpirun || true)
  [ -n "$mpirun" ] || fail "no mpirun in $1/bin or on PATH"
  for lib_dir in "$1/lib" "$1/lib64" "$(dirname "$jar")"; do
    if [ -e "$lib_dir/libmpi_java.so" ]; then return; fi
  done
  fail "$jar has no libmpi_java.so beside it or in $1/lib"
}

jar_of_prefix() {
  for candidate in "$1/lib/mpi.jar" "$1/lib64/mpi.jar"; do
    if [ -f "$candidate" ]; then
      echo "$candidate"
      return
    fi
  done
}

find_mpi() {
  if [ -n "${OMPI_JAR:-}" ]; then
    [ -f "$OMPI_JAR" ] || fail "OMPI_JAR=$OMPI_JAR is no file"
    use_prefix "${MPI_HOME:-$(cd "$(dirname "$OMPI_JAR")/.." && pwd)}" "$OMPI_JAR"
    return
  fi
  if [ -n "${MPI_HOME:-}" ]; then
    [ -n "$(jar_of_prefix "$MPI_HOME")" ] ||
      fail "MPI_HOME=$MPI_HOME has no lib/mpi.jar: no Open MPI, or 6 or newer, or built without --enable-mpi-java; unset MPI_HOME or change it"
    use_prefix "$MPI_HOME" "$(jar_of_prefix "$MPI_HOME")"
    return
  fi
  if command -v mpirun >/dev/null; then
    prefix=$(cd "$(dirname "$(command -v mpirun)")/.." && pwd)
    if [ -n "$(jar_of_prefix "$prefix")" ]; then
      use_prefix "$prefix" "$(jar_of_prefix "$prefix")"
      return
    fi
  fi
  use_system_packages
}

# the folder of libmpi_java.so in the system's packages; empty if they are not installed
system_lib_dir() {
  command -v dpkg-query >/dev/null || return 0
  dpkg-query -L libopenmpi-dev 2>/dev/null | sed -n 's,/libmpi_java\.so$,,p' | grep -v /openmpi/ | head -n 1
}

use_system_packages() {
  packages=
  if [ -z "$(system_lib_dir)" ] || [ ! -x /usr/bin/mpirun.openmpi ]; then packages="openmpi-bin libopenmpi-dev"; fi
  command -v xz >/dev/null || packages="$packages xz-utils"
  # shellcheck disable=SC2086 # a list
  [ -z "$packages" ] || install_packages $packages
  mpirun=/usr/bin/mpirun.openmpi # whatever other MPI is the default
  lib_dir=$(system_lib_dir)
  [ -n "$lib_dir" ] || fail "the package libopenmpi-dev has no libmpi_java.so: this distribution's Open MPI lacks Java"
  version=$(dpkg-query -W -f '${source:Version}' openmpi-bin)
  jar=$out/mpi-$version.jar
  [ -f "$jar" ] || make_jar
}

# mpi.jar is in no package: it is compiled from the distribution's source package of the same version
make_jar() {
  say "making mpi.jar from the source package of openmpi $version"
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  mkdir -p "$work/parts" "$work/lists/partial" "$work/cache/archives/partial" "$work/classes"
  for list in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [ -f "$list" ] || continue
    sed -n '/cdrom:/d; s/^deb[[:space:]]/deb-src /p' "$list" >"$work/parts/$(basename "$list")"
  done
  for list in /etc/apt/sources.list.d/*.sources; do
    [ -f "$list" ] || continue
    sed 's/^Types:.*/Types: deb-src/' "$list" >"$work/parts/$(basename "$list")"
  done
  # lists and caches of our own: the system's stay as they are, and no rights are needed
  set -- -qq -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$work/parts" -o Dir::State::lists="$work/lists" \
    -o Dir::Cache="$work/cache" -o APT::Sandbox::User="$(id -un)"
  apt-get "$@" update >>"$log" 2>&1 || true # the download decides
  (
    cd "$work"
    quietly apt-get "$@" source --download-only "openmpi=$version"
    quietly tar -xf openmpi_*.orig.tar.* --strip-components=1 --wildcards '*/ompi/mpi/java/java/*.java'
    quietly "$(javac_path)" --release 17 -nowarn -d classes ompi/mpi/java/java/*.java
    quietly "$(dirname "$(javac_path)")/jar" --create --file "$jar.part" -C classes mpi
  )
  mv "$jar.part" "$jar"
}

mkdir -p "$out"
: >"$log"
provide_java
find_mpi
ln -sf "$jar" "$out/mpi.jar"
cuda=0
if "$(dirname "$mpirun")/ompi_info" --all --parsable 2>/dev/null | grep -q 'mpi_built_with_cuda_support:value:true'; then
  cuda=1
fi
key="$(javac_path)|$(command -v mvn || true)|$(command -v mpirun || true)|${OMPI_JAR:-}|${MPI_HOME:-}"
cat >"$out/env.part" <<TEXT
MPIRUN='$mpirun'
OMPI_LIB_DIR='$lib_dir'
MPI_CUDA='$cuda'
SETUP_KEY='$key'
TEXT
mv "$out/env.part" "$out/env"
say "Open MPI of $mpirun, its Java library in $lib_dir, $jar"
