#!/bin/sh
# The command of the demo's image: one page over HTTP on $PORT (8080) that says which instance this is. As
# process 1 it must pass the stop signal on: the kernel drops it otherwise.
set -eu

# An instance knows its index, not the name of its LRP.
name=${DEMO_NAME:-instance}
folder=/tmp/www
mkdir -p "$folder"
printf 'Hello from %s/%s (%s)\n' "$name" "${CF_INSTANCE_INDEX:-?}" "${CF_INSTANCE_GUID:-no instance}" >"$folder/index.html"
echo "$name/${CF_INSTANCE_INDEX:-?} serves on port ${PORT:-8080}"

httpd -f -v -p "${PORT:-8080}" -h "$folder" &
server=$!
trap 'kill "$server"' TERM INT
status=0
wait "$server" || status=$?
# 143: ended by the signal that was passed on.
if [ "$status" = 143 ]; then status=0; fi
exit "$status"
