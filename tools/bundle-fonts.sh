#!/bin/sh
# Gives a JVM made by jlink what it needs to draw plots on a machine without fonts: the libraries that its own want beyond the C
# and C++ ones (a distribution's JDK has them outside of itself), one font, and a list of fonts. Without a font here it does
# nothing, and a run there leaves out its plots, with a note in its log.
# usage: tools/bundle-fonts.sh JRE
set -eu
jre=$1
font=/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf
[ -f "$font" ] || font=$(find /usr/share/fonts -name DejaVuSans.ttf 2>/dev/null | head -n 1)
if [ -z "$font" ]; then
  echo "bundle: no DejaVuSans.ttf (Debian: fonts-dejavu-core): plots only where the system has fonts" >&2
  exit 0
fi

# what needs a screen or loudspeakers never runs here
for library in awt_xawt jawt splashscreen jsound; do rm -f "$jre/lib/lib$library.so"; done

for library in "$jre"/lib/*.so; do LD_LIBRARY_PATH=$jre/lib:$jre/lib/server ldd "$library"; done |
  sed -n 's,.* => \(/[^ ]*\) .*,\1,p' | sort -u | while read -r library; do
  case $library in
    "$jre"/* | */libc.so.* | */libm.so.* | */libdl.so.* | */libpthread.so.* | */librt.so.* | */libstdc++.so.* | */libgcc_s.so.*) ;;
    */"$jre"/*) ;;
    *) cp -L "$library" "$jre/lib" ;;
  esac
done

mkdir -p "$jre/lib/fonts" "$jre/conf/fonts"
cp "$font" "$jre/lib/fonts"
{
  echo "version=1"
  echo "sequence.allfonts=latin-1"
  for name in serif sansserif monospaced dialog dialoginput; do
    for style in plain bold italic bolditalic; do echo "$name.$style.latin-1=DejaVu Sans"; done
  done
  echo "filename.DejaVu_Sans=\$JRE_LIB_FONTS/DejaVuSans.ttf"
} >"$jre/conf/fonts/fontconfig.properties"
