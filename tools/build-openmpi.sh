#!/bin/sh
# Builds Open MPI 5.0 over UCX, both CUDA-aware and with the Java bindings, as one folder that runs from anywhere, and packs it
# as build/openmpi-cuda.tar.gz for make bundle. Takes 11 minutes on two cores; needs no driver and no GPU. What is done stays
# done: run it again after an error. A change of the options wants a new start: rm -rf build/openmpi.
# usage: tools/build-openmpi.sh [PREFIX]                 PREFIX: where to install, default build/openmpi/ompi
#
#   CUDA_HOME          a CUDA toolkit's headers and libcudart, default /usr/local/cuda
#   NVML_INCLUDE       a folder with nvml.h, if the toolkit lacks it and Debian's libnvidia-ml-dev cannot be had
#   OPENMPI_SOURCE     an archive (URL or file) of Open MPI 5.0.x instead of Debian's openmpi 5.0.7; 6.0 has no Java bindings
#   UCX_SOURCE         an archive (URL or file) of UCX instead of Debian's ucx 1.13.1
#   WITH_INFINIBAND=1  UCX over verbs and rdmacm (libibverbs-dev, librdmacm-dev)
#   WITH_SLURM=1       mpirun knows Slurm's allocations
#   UCX_OPTIONS, OPENMPI_OPTIONS   more arguments for configure
#   JOBS               of make, default: one per core
set -eu

home=$(cd "$(dirname "$0")/.." && pwd)
work=$home/build/openmpi
prefix=${1:-$work/ompi}
case $prefix in
  /*) ;;
  *) prefix=$PWD/$prefix ;;
esac
cuda=${CUDA_HOME:-/usr/local/cuda}
infiniband=${WITH_INFINIBAND:-0}
slurm=${WITH_SLURM:-0}
log=$work/build.log

say() { echo "build-openmpi: $*" >&2; }

fail() {
  say "$*"
  exit 2
}

# step NAME COMMAND...: runs the command once, in a folder of its choice; its output goes to the log
step() {
  name=$1
  shift
  if [ -f "$work/done/$name" ]; then return; fi
  say "$name"
  set +e # not in a condition, which would let the command's own errors pass
  (
    set -e
    "$@"
  ) >>"$log" 2>&1
  status=$?
  set -e
  if [ "$status" != 0 ]; then
    tail -n 20 "$log" >&2
    fail "$name failed; all of it: $log"
  fi
  touch "$work/done/$name"
}

provide_packages() {
  packages=
  for pair in gcc:gcc g++:g++ make:make perl:perl autoconf:autoconf automake:automake libtoolize:libtool pkg-config:pkg-config \
    patchelf:patchelf xz:xz-utils; do
    command -v "${pair%%:*}" >/dev/null || packages="$packages ${pair##*:}"
  done
  for pair in numa.h:libnuma-dev zlib.h:zlib1g-dev; do
    [ -f "/usr/include/${pair%%:*}" ] || packages="$packages ${pair##*:}"
  done
  if [ "$infiniband" = 1 ]; then
    for pair in infiniband/verbs.h:libibverbs-dev rdma/rdma_cma.h:librdmacm-dev; do
      [ -f "/usr/include/${pair%%:*}" ] || packages="$packages ${pair##*:}"
    done
  fi
  [ -n "$packages" ] || return 0
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    fail "missing (Debian's names):$packages"
  fi
  say "installing$packages"
  apt-get -qq update >>"$log" 2>&1 || true # the install decides
  # shellcheck disable=SC2086 # a list
  DEBIAN_FRONTEND=noninteractive apt-get -qq -y install --no-install-recommends $packages >>"$log" 2>&1 ||
    fail "installing failed, see $log"
}

# Debian's archive through lists of our own, whatever this machine's distribution has
debian() {
  if [ ! -d "$work/apt" ]; then
    mkdir -p "$work/apt/parts" "$work/apt/lists/partial" "$work/apt/cache/archives/partial"
    keyring=/usr/share/keyrings/debian-archive-keyring.gpg
    [ -f "$keyring" ] || fail "no $keyring (package debian-archive-keyring); or set OPENMPI_SOURCE, UCX_SOURCE, NVML_INCLUDE"
    {
      echo "deb-src [signed-by=$keyring] http://deb.debian.org/debian trixie main"
      echo "deb-src [signed-by=$keyring] http://deb.debian.org/debian bookworm main"
      echo "deb [signed-by=$keyring] http://deb.debian.org/debian bookworm non-free"
    } >"$work/apt/parts/debian.list"
    set -- update "$@"
  fi
  for word in "$@"; do
    [ "$word" = update ] || break
    shift
    debian_apt update || true # the download decides
  done
  (cd "$work/sources" && debian_apt "$@")
}

debian_apt() {
  apt-get -qq -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$work/apt/parts" \
    -o Dir::State::lists="$work/apt/lists" -o Dir::Cache="$work/apt/cache" -o APT::Sandbox::User="$(id -un)" "$@"
}

# source_of NAME DEBIAN_VERSION GIVEN: unpacks to $work/NAME
source_of() {
  if [ -z "$3" ]; then
    debian source --download-only "$1=$2"
    archive=$(ls "$work/sources/$1"_*.orig.tar.*)
  elif [ -f "$3" ]; then
    archive=$3
  else
    archive=$work/sources/${3##*/}
    curl -fsSL -o "$archive" "$3"
  fi
  rm -rf "${work:?}/$1"
  mkdir "$work/$1"
  tar -xf "$archive" -C "$work/$1"
  # some archives have one folder at the top, some have none
  if [ "$(ls "$work/$1" | wc -l)" = 1 ]; then
    mv "$work/$1"/* "$work/$1.top"
    rmdir "$work/$1"
    mv "$work/$1.top" "$work/$1"
  fi
}

# Libraries of the driver to link with: empty functions, never shipped. The run finds the driver's own.
stub() { # library functions...
  library=$1
  shift
  for function in "$@"; do echo "int $function(void) { return 1; }"; done >"$work/stubs/$library.c"
  gcc -shared -fPIC -Wl,-soname,"$library.so.1" -o "$work/stubs/$library.so.1" "$work/stubs/$library.c"
  ln -sf "$library.so.1" "$work/stubs/$library.so"
}

make_stubs() {
  mkdir -p "$work/stubs" "$work/include"
  # a stub must have what configure looks for; shared libraries may leave the rest open
  stub libcuda cuDeviceGetUuid cuInit cuMemFree cuMemFree_v2 cuPointerGetAttributes cuStreamCreate
  stub libnvidia-ml nvmlInit nvmlInit_v2
  if [ -n "${NVML_INCLUDE:-}" ]; then
    cp "$NVML_INCLUDE/nvml.h" "$work/include"
  elif [ -f "$cuda/include/nvml.h" ]; then
    cp "$cuda/include/nvml.h" "$work/include"
  else
    debian download libnvidia-ml-dev
    dpkg -x "$work"/sources/libnvidia-ml-dev_*.deb "$work/nvml"
    cp "$work/nvml/usr/include/nvml.h" "$work/include"
  fi
}

configure_ucx() {
  cd "$work/ucx"
  if [ ! -f Makefile.in ]; then
    [ -d debian ] || mv debian.upstream debian # Debian has renamed what configure.ac wants
    ./autogen.sh
  fi
  if [ "$infiniband" = 1 ]; then fabric="--with-verbs --with-rdmacm"; else fabric="--without-verbs --without-rdmacm"; fi
  # shellcheck disable=SC2086 # lists
  ./configure --prefix="$prefix" --with-cuda="$cuda" --with-mcpu=no --with-march=no $fabric --without-java --without-go \
    --without-knem --without-xpmem --without-gdrcopy --without-rocm --without-fuse3 --disable-static --disable-doxygen-doc \
    --disable-logging --disable-debug --disable-assertions --disable-params-check --enable-mt \
    CPPFLAGS="-I$work/include" LDFLAGS="-L$work/stubs" CFLAGS="-O2 -g0 -Wno-error" CXXFLAGS="-O2 -g0 -Wno-error" \
    ${UCX_OPTIONS:-}
}

# without its tests, which do not compile with CUDA 13
make_ucx() {
  for part in ucm ucs uct ucp tools/info; do make -C "$work/ucx/src/$part" -j "$jobs" install; done
}

configure_openmpi() {
  cd "$work/openmpi"
  # libevent would take its random numbers, which nothing here draws, from functions that came with glibc 2.36; its own
  # have the same names as these, so they get others
  export ac_cv_func_arc4random=no ac_cv_func_arc4random_buf=no
  if [ "$slurm" = 1 ]; then scheduler=--with-slurm; else scheduler=--without-slurm; fi
  # shellcheck disable=SC2086 # lists
  ./configure --prefix="$prefix" --enable-mpi-java --with-jdk-dir="$jdk" --with-cuda="$cuda" --with-cuda-libdir="$work/stubs" \
    --with-ucx="$prefix" --with-pmix=internal --with-prrte=internal --with-hwloc=internal --with-libevent=internal \
    --disable-mpi-fortran --disable-oshmem --disable-io-romio --disable-sphinx --disable-static --disable-man-pages \
    --enable-mca-dso --without-ofi --without-verbs --without-psm2 --without-lustre --without-x $scheduler CFLAGS="-O2 -g0" \
    ${OPENMPI_OPTIONS:-}
  sed -i 's,^#include "./arc4random.c",#define arc4random own_arc4random\n#define arc4random_buf own_arc4random_buf\n&,' \
    3rd-party/libevent-*/evutil_rand.c
}

# what a run needs, with run paths relative to each file
pack() {
  packed=$work/packed/ompi
  rm -rf "$work/packed"
  mkdir -p "$packed/bin"
  cp -a "$prefix/lib" "$prefix/share" "$prefix/etc" "$packed"
  for program in mpirun mpiexec prterun prte prted prun ompi_info ucx_info; do
    cp -a "$prefix/bin/$program" "$packed/bin"
  done
  licences=$packed/share/licences
  mkdir -p "$licences"
  cp "$work/openmpi/LICENSE" "$licences/openmpi"
  cp "$work/ucx/LICENSE" "$licences/ucx"
  for part in hwloc libevent pmix prrte treematch; do cp "$work/openmpi/docs/license/$part.txt" "$licences/$part"; done
  rm -rf "$packed/share/doc" "$packed/share/man" "$packed/share/ucx/examples" "$packed/lib/pkgconfig" "$packed/lib/cmake"
  find "$packed/lib" \( -name '*.la' -o -name '*.a' -o -name '*.mod' \) -delete
  # libraries beyond libc that a bare machine may lack
  for library in libnuma.so.1 libz.so.1 libnl-3.so.200 libnl-route-3.so.200; do
    if needed "$packed" | grep -qx "$library"; then
      cp -L "$(/sbin/ldconfig -p | sed -n "s,.*$library .*x86-64.* => ,,p" | head -n 1)" "$packed/lib/$library"
    fi
  done
  find "$packed/lib" -maxdepth 1 -type f -name '*.so*' -exec patchelf --set-rpath "\$ORIGIN" {} \;
  find "$packed/lib" -mindepth 2 -type f -name '*.so*' -exec patchelf --set-rpath "\$ORIGIN/.." {} \;
  for program in "$packed"/bin/*; do
    [ -L "$program" ] || patchelf --set-rpath "\$ORIGIN/../lib" "$program"
  done
  find "$packed" -type f \( -name '*.so*' -o -path '*/bin/*' \) -exec strip --strip-unneeded {} \;
  tar -czf "$home/build/openmpi-cuda.tar.gz.part" --owner=0 --group=0 -C "$work/packed" ompi
  mv "$home/build/openmpi-cuda.tar.gz.part" "$home/build/openmpi-cuda.tar.gz"
}

needed() { # of all libraries in a folder
  find "$1/lib" -type f -name '*.so*' -exec readelf -d {} \; | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | sort -u
}

check() {
  "$home/tools/check-glibc.sh" "$work/packed/ompi" >>"$log" || say "warning: make bundle will refuse it"
  if needed "$work/packed/ompi" | grep -x 'libucs.so.0' >/dev/null &&
    OPAL_PREFIX=$work/packed/ompi "$work/packed/ompi/bin/ompi_info" --all --parsable 2>/dev/null |
    grep 'mpi_built_with_cuda_support:value:true' >/dev/null && [ -f "$work/packed/ompi/lib/mpi.jar" ] &&
    ls "$work"/packed/ompi/lib/ucx/libuct_cuda.so >/dev/null; then return; fi
  fail "the result is not CUDA-aware, or has no UCX or no mpi.jar; see $log"
}

mkdir -p "$work/sources" "$work/done"
javac=${JAVA_HOME:+$JAVA_HOME/bin/}javac
command -v "$javac" >/dev/null || fail "no $javac; set JAVA_HOME to a JDK, 17 or newer"
jdk=$(dirname "$(dirname "$(readlink -f "$(command -v "$javac")")")")
export JDK_JAVAC_OPTIONS="--release 17"
[ -f "$cuda/include/cuda.h" ] || fail "no $cuda/include/cuda.h; set CUDA_HOME to a CUDA toolkit"
jobs=${JOBS:-$(env -u OMP_NUM_THREADS -u OMP_THREAD_LIMIT nproc)} # nproc alone obeys what OpenMP was told

provide_packages
step "source-ucx" source_of ucx 1.13.1-1 "${UCX_SOURCE:-}"
step "source-openmpi" source_of openmpi 5.0.7-1 "${OPENMPI_SOURCE:-}"
step "stubs" make_stubs
step "configure-ucx" configure_ucx
step "make-ucx" make_ucx
step "configure-openmpi" configure_openmpi
step "make-openmpi" make -C "$work/openmpi" -j "$jobs"
step "install-openmpi" make -C "$work/openmpi" install
step "pack" pack
check
say "made build/openmpi-cuda.tar.gz, $(du -k "$home/build/openmpi-cuda.tar.gz" | cut -f 1) KiB; installed in $prefix"
