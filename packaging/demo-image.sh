#!/bin/sh
# Makes the image of the demo from this host's static busybox, with no registry.
#
#     packaging/demo-image.sh docker|podman NAME:TAG
#
# Its command serves one page over HTTP on $PORT (8080) that says which instance it is.
set -eu

engine=${1:?usage: demo-image.sh docker|podman NAME:TAG}
name=${2:?usage: demo-image.sh docker|podman NAME:TAG}

busybox=
for folder in /bin /usr/bin /usr/local/bin; do
  if [ -x "$folder/busybox" ]; then busybox=$(readlink -f "$folder/busybox"); fi
done
if [ -z "$busybox" ]; then
  echo 'demo-image.sh: busybox is missing: apt-get install busybox-static' >&2
  exit 1
fi
if ldd "$busybox" >/dev/null 2>&1; then
  echo "demo-image.sh: $busybox is not static: apt-get install busybox-static" >&2
  exit 1
fi

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
chmod 755 "$root"

mkdir -p "$root/bin" "$root/etc" "$root/tmp"
chmod 1777 "$root/tmp"
cp "$busybox" "$root/bin/busybox"
chmod 755 "$root/bin/busybox"
"$busybox" --list | while IFS= read -r applet; do
  [ "$applet" = busybox ] || ln -s busybox "$root/bin/$applet"
done
printf 'root:x:0:0:root:/:/bin/sh\n' >"$root/etc/passwd"
cp "$(dirname "$0")/demo-serve.sh" "$root/bin/demo-serve"
chmod 755 "$root/bin/demo-serve"

tar -C "$root" --numeric-owner -cf - . |
  "$engine" import --change 'CMD ["/bin/demo-serve"]' --change 'ENV PATH=/bin' - "$name" >/dev/null
"$engine" image inspect "$name" >/dev/null
