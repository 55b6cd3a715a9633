#!/bin/sh
# Makes a tiny Docker image from the host's static busybox, with no registry.
#
#     scripts/test-image.sh NAME[:TAG]        does nothing when the image exists
#
# It holds /bin/busybox with every applet linked in /bin, users root and app (uid 1000), /tmp and /www/index.html.
set -eu

name=${1:?usage: test-image.sh NAME}
if docker image inspect "$name" >/dev/null 2>&1; then exit 0; fi

busybox=$(command -v busybox) || { echo "test-image.sh: busybox is missing: apt-get install busybox-static" >&2; exit 1; }
busybox=$(readlink -f "$busybox")
if ldd "$busybox" >/dev/null 2>&1; then
  echo "test-image.sh: $busybox is not static: apt-get install busybox-static" >&2
  exit 1
fi

rootfs=$(mktemp -d)
trap 'rm -rf "$rootfs"' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
chmod 755 "$rootfs"

mkdir -p "$rootfs/bin" "$rootfs/etc" "$rootfs/tmp" "$rootfs/root" "$rootfs/home/app" "$rootfs/www"
chmod 1777 "$rootfs/tmp"
chmod 700 "$rootfs/root"
chown 1000:1000 "$rootfs/home/app" 2>/dev/null || true
cp "$busybox" "$rootfs/bin/busybox"
chmod 755 "$rootfs/bin/busybox"
"$busybox" --list | while IFS= read -r applet; do
  [ "$applet" = busybox ] || ln -s busybox "$rootfs/bin/$applet"
done
printf 'root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000:app:/home/app:/bin/sh\n' >"$rootfs/etc/passwd"
printf 'root:x:0:\napp:x:1000:\n' >"$rootfs/etc/group"
printf '<!doctype html>\n<title>skep</title>\n<h1>It works.</h1>\n' >"$rootfs/www/index.html"

tar -C "$rootfs" --numeric-owner -cf - . |
  docker import --change 'CMD ["/bin/sh"]' --change 'ENV PATH=/bin' - "$name" >/dev/null
docker image inspect "$name" >/dev/null
