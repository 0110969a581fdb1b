#!/bin/sh
# Unpacks the native libraries that the program uses from JavaCPP's jars and that of the tokenizers into one folder. They are
# found there by path, so nothing is unpacked at run time, and the folder may be moved and read-only.
# usage: tools/unpack-natives.sh FOLDER JAR...
set -eu
folder=$1
shift
jar=${JAVA_HOME:+$JAVA_HOME/bin/}jar
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
for archive in "$@"; do
  (cd "$scratch" && "$jar" --extract --file "$OLDPWD/$archive" org native/lib/linux-x86_64)
done

# a folder of this name is a whole one
rm -rf "$folder" "$folder.part"
mkdir -p "$folder.part"
for library in jnijavacpp jniopenblas_nolapack jnicudart jnicublas jnicudnn jninvrtc jninccl; do
  for file in "$scratch"/org/bytedeco/*/linux-x86_64/lib"$library".so; do
    if [ -f "$file" ]; then mv "$file" "$folder.part"; fi # a jar without CUDA is fine
  done
done
# libgcc_s is the system's: that of the jar wants glibc 2.35, which RHEL 9 does not have
for library in gfortran.so.5 quadmath.so.0; do
  mv "$scratch/org/bytedeco/openblas/linux-x86_64/lib$library" "$folder.part"
done
mv "$scratch/native/lib/linux-x86_64/cpu/libtokenizers.so" "$folder.part"
# by the name under which the jni library wants it; JavaCPP would make a link of that name in its cache
mv "$scratch/org/bytedeco/openblas/linux-x86_64/libopenblas.so.0" "$folder.part/libopenblas_nolapack.so.0"
mv "$folder.part" "$folder"
