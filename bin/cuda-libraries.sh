# Finds what a GPU needs: the driver's library, CUDA 13, one cuDNN 9, NCCL. Sourced by bin/ringattention; `sh
# bin/cuda-libraries.sh` tells what it found. Where there is no GPU it looks for nothing. Sets
#   cuda_front   folders for the front of LD_LIBRARY_PATH, "dir:dir"
#   cuda_back    folders for its end: the system's own
# What it tries, in this order: docs/gpu.md. Reads CUDA_HOME, CUDNN_HOME, NCCL_HOME, LD_LIBRARY_PATH, VIRTUAL_ENV and
# CONDA_PREFIX. No Python is started: folders and file names say enough. $cuda_root stands before absolute paths, for tests.
# shellcheck shell=sh

has_gpu() {
  for device in "${cuda_root:-}"/dev/nvidia[0-9]* "${cuda_root:-}"/proc/driver/nvidia/gpus/* "${cuda_root:-}"/dev/dxg; do
    if [ -e "$device" ]; then return 0; fi
  done
  return 1
}

# GPUs of this host, as far as CUDA may use them
gpu_count() {
  if ! has_gpu; then
    echo 0
    return
  fi
  set -- "${cuda_root:-}"/dev/nvidia[0-9]*
  [ -e "$1" ] || set -- "${cuda_root:-}"/proc/driver/nvidia/gpus/*
  if [ -e "$1" ]; then count=$#; else count=0; fi
  if [ -n "${CUDA_VISIBLE_DEVICES+set}" ]; then visible_gpus "$count"; else echo "$count"; fi
}

# visible_gpus COUNT: as many of the host's GPUs as CUDA_VISIBLE_DEVICES names. CUDA reads up to the first entry that names
# none, such as the -1 and NoDevFiles that schedulers write for no GPU; a COUNT of 0 is not known, so any number may be one.
visible_gpus() {
  echo "$CUDA_VISIBLE_DEVICES" | tr , '\n' | awk -v count="$1" '
    { gsub(/[ \t]/, "") }
    /^(GPU|MIG)-./ { visible++; next }
    /^[0-9]+$/ && (count == 0 || $0 + 0 < count) { visible++; next }
    { exit }
    END { print visible + 0 }'
}

# ldconfig_folders LIBRARY: where the system's linker has it, for this processor
ldconfig_folders() {
  echo "$cuda_ldconfig" | sed -n "s,^[[:space:]]*$1 (libc6\,x86-64.* => \(.*\)/$1\$,\1,p"
}

# the Python environments of the usual places
site_packages() {
  python=$(command -v python3 || true)
  [ -z "$python" ] || python=$(dirname "$(dirname "$(readlink -f "$python")")")
  for folder in ${VIRTUAL_ENV:+"$VIRTUAL_ENV"/lib/python3*/site-packages} \
    ${CONDA_PREFIX:+"$CONDA_PREFIX"/lib/python3*/site-packages} ${python:+"$python"/lib/python3*/site-packages} \
    "$cuda_root"/usr/local/lib/python3*/dist-packages "$cuda_root"/usr/local/lib/python3*/site-packages \
    "$cuda_root"/usr/lib/python3*/dist-packages "$cuda_root"/opt/*/lib/python3*/site-packages \
    "$cuda_root"/opt/*/.venv/lib/python3*/site-packages "$cuda_root"/opt/*/venv/lib/python3*/site-packages \
    "${HOME:-}"/.local/lib/python3*/site-packages; do
    if [ -d "$folder/nvidia" ]; then echo "$folder"; fi
  done
}

# folders of toolkits: the one that the system calls its own, then the newest
toolkits() {
  for folder in "$cuda_root"/usr/local/cuda $(ls -d "$cuda_root"/usr/local/cuda-13* "$cuda_root"/opt/cuda* 2>/dev/null | sort -Vr); do
    for lib in "$folder/lib64" "$folder/targets/x86_64-linux/lib"; do
      if [ -d "$lib" ]; then echo "$lib"; fi
    done
  done
}

system_folders() { # of a library: the linker's, and those of images without its cache
  ldconfig_folders "$1"
  for folder in "$cuda_root"/usr/lib/x86_64-linux-gnu "$cuda_root"/usr/lib64 "$cuda_root"/usr/local/nvidia/lib64 \
    "$cuda_root"/usr/lib/wsl/lib; do
    if [ -e "$folder/$1" ]; then echo "$folder"; fi
  done
}

# first_with FOLDERS LIBRARY...: the first of the lines that holds all of the libraries; nothing if none does
first_with() {
  folders=$1
  shift
  echo "$folders" | while read -r folder; do
    [ -n "$folder" ] || continue
    for library in "$@"; do
      if [ ! -e "$folder/$library" ]; then continue 2; fi
    done
    echo "$folder"
    break
  done
}

# version_in FOLDER LIBRARY WHEEL: of the file behind the link, or else of the wheel it came with; 0 if nothing tells
version_in() {
  file=$(readlink -f "$1/$2")
  case $file in
    *.so.*.*) echo "${file##*.so.}" ;;
    *)
      for wheel in "$1"/../../../"$3"-*.dist-info; do
        if [ -d "$wheel" ]; then
          version=${wheel##*-}
          echo "${version%.dist-info}"
          return
        fi
      done
      echo 0
      ;;
  esac
}

# newest WHEEL FOLDERS LIBRARY...: of the lines that hold all of the libraries the one with the newest first library
newest() {
  wheel_name=$1
  folders=$2
  shift 2
  echo "$folders" | while read -r folder; do
    if [ -n "$(first_with "$folder" "$@")" ]; then echo "$(version_in "$folder" "$1" "$wheel_name") $folder"; fi
  done | sort -Vr -s -k1,1 | sed -n '1s/^[^ ]* //p'
}

home_folders() { # of a variable's value
  if [ -n "$1" ]; then printf '%s\n' "$1/lib64" "$1/lib" "$1/targets/x86_64-linux/lib" "$1/lib/x86_64-linux-gnu" "$1"; fi
}

# on FOLDER: takes it into the path once, the system's own at the end
on_path() {
  case :$cuda_front:$cuda_back: in
    *:"$1":* | *:"$1/":*) return ;;
  esac
  case $1 in
    '') ;;
    "$cuda_root"/usr/lib/x86_64-linux-gnu | "$cuda_root"/lib/x86_64-linux-gnu | "$cuda_root"/usr/lib64 | "$cuda_root"/lib64)
      cuda_back=$cuda_back${cuda_back:+:}$1
      ;;
    *) cuda_front=$cuda_front${cuda_front:+:}$1 ;;
  esac
}

find_cuda_libraries() {
  cuda_root=${cuda_root:-}
  cuda_front=
  cuda_back=
  has_gpu || return 0
  cuda_ldconfig=$(PATH=$PATH:/usr/sbin:/sbin ldconfig -p 2>/dev/null) || cuda_ldconfig=
  given=$(echo "${LD_LIBRARY_PATH:-}" | tr : '\n')
  sites=$(site_packages)
  toolkits=$(toolkits)

  # cuDNN's parts must be of one version, so all of one folder; before the toolkit's, which may hold another. Wheels of
  # cuDNN for CUDA 12 lie in the same place as those for 13.
  wheels=
  for site in $sites; do
    if ls -d "$site"/nvidia_cudnn_cu12-*.dist-info >/dev/null 2>&1; then continue; fi
    wheels="$wheels
$site/nvidia/cudnn/lib"
  done
  set -- libcudnn.so.9 libcudnn_graph.so.9 libcudnn_ops.so.9
  cudnn=$(first_with "$(home_folders "${CUDNN_HOME:-}")
$given" "$@")
  [ -n "$cudnn" ] || cudnn=$(newest nvidia_cudnn_cu13 "$toolkits
$(system_folders libcudnn.so.9)
$wheels" "$@")
  on_path "$cudnn"

  # the toolkit: one folder with all of it if there is one, or else each library where it is first
  set -- libcudart.so.13 libnvrtc.so.13 libcublas.so.13
  wheels=$(echo "$sites" | sed 's,$,/nvidia/cu13/lib,')
  folders="$(home_folders "${CUDA_HOME:-}")
$given
$toolkits
$(system_folders libcudart.so.13)
$wheels"
  complete=$(first_with "$(home_folders "${CUDA_HOME:-}")
$given" "$@")
  [ -n "$complete" ] || complete=$(first_with "$folders" "$@")
  toolkit=$complete
  for library in "$@"; do
    [ -n "$complete" ] || toolkit=$(first_with "$folders" "$library")
    on_path "$toolkit"
  done

  nccl=$(first_with "$(home_folders "${NCCL_HOME:-}")
$given" libnccl.so.2)
  [ -n "$nccl" ] || nccl=$(newest nvidia_nccl_cu13 "$toolkits
$(system_folders libnccl.so.2)
$(echo "$sites" | sed 's,$,/nvidia/nccl/lib,')" libnccl.so.2)
  on_path "$nccl"

  # the driver's library is on the linker's own path, except in some containers
  if [ -z "$(ldconfig_folders libcuda.so.1)" ]; then
    on_path "$(first_with "$given
$(system_folders libcuda.so.1)" libcuda.so.1)"
  fi
}

case $0 in
  *cuda-libraries.sh)
    find_cuda_libraries
    if ! has_gpu; then
      echo "no GPU: no /dev/nvidia*, nothing under /proc/driver/nvidia/gpus"
      exit 0
    fi
    echo "GPUs:  $(gpu_count)"
    echo "CUDA:  ${toolkit:-not found; set CUDA_HOME}"
    echo "cuDNN: ${cudnn:-not found; set CUDNN_HOME}"
    echo "NCCL:  ${nccl:-not found; set NCCL_HOME}"
    echo "path:  $cuda_front:...:$cuda_back"
    ;;
esac
