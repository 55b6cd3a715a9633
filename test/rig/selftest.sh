#!/bin/bash
# Proves every fault of rig.sh on three hosts, in about a minute; the last line is "N passed, N failed". Leaves nothing.
#
#     test/rig/selftest.sh
set -uo pipefail
cd "$(dirname "$(readlink -f "$0")")" || exit
export RIG=${RIG:-rigt} RIG_NET=${RIG_NET:-10.79.0}
rig=./rig.sh
passed=0
failed=0
output=$(mktemp)
trap '$rig down; rm -f "$output"' EXIT
trap 'exit 130' HUP INT TERM

try() { # WHAT COMMAND...
  local what=$1
  shift
  if "$@" >"$output" 2>&1; then
    passed=$((passed + 1))
    echo "ok   $what"
  else
    failed=$((failed + 1))
    echo "FAIL $what: $(tail -n 3 "$output" | tr '\n' ' ')"
  fi
}
not() { ! "$@"; }
soon() { # COMMAND...: within 15 s
  local until=$(($(date +%s) + 15))
  until "$@"; do
    [ "$(date +%s)" -le "$until" ] || return 1
    sleep 0.1
  done
}
get() { $rig exec "$1" curl -fsS -m "${3:-1}" "http://$2:8080/"; } # FROM TO
carrier() { [ "$($rig exec "$1" cat /sys/class/net/eth0/carrier)" = "$2" ]; }
container() { $rig exec h1 docker inspect -f '{{.Id}} {{.State.StartedAt}} {{.State.Pid}}' web; }
same_container() { [ "$before" = "$(container)" ]; }
no_process_of() { [ -z "$(find "/sys/fs/cgroup/freezer/$RIG/$1" -name cgroup.procs -exec cat {} + 2>/dev/null)" ]; }
# shellcheck disable=SC2016 # awk's variables
echoes() { $rig exec h1 awk '/^Icmp:/ && !/InMsgs/ { print $10 }' /proc/net/snmp; }
pings_arrive() { # from h2 at h1, although no answer comes back
  local earlier
  earlier=$(echoes)
  $rig exec h2 busybox ping -c 1 -W 1 h1 || [ "$(echoes)" -gt "$earlier" ]
}
established() { $rig exec client ss -Htn state established "dst $($rig ip h2)" | grep -q ":9000"; }

try 'up 3' $rig up 3
for host in h1 h2 h3; do
  try "$host runs a web server" $rig exec $host docker run -d --name web --restart unless-stopped -p 8080:80 \
    skep-test/busybox:1 httpd -f -p 80 -h /www
  try "the client reaches $host" soon get client $host
done
try 'up again changes nothing' $rig up 3
before=$(container)
try 'which is so' same_container

try 'partition h1' $rig partition h1
try 'nobody reaches it' not get client h1
try 'its carrier is up' carrier h1 1
try 'it reaches itself' get h1 h1
try 'heal h1' $rig heal h1
try 'it is reached' soon get client h1
try 'partition h1 --link' $rig partition h1 --link
try 'its carrier is down' soon carrier h1 0
try 'nobody reaches it' not get client h1
try 'heal h1' $rig heal h1
try 'it is reached' soon get client h1
try 'partition h1 h2' $rig partition h1 h2
try 'h1 does not reach h2' not get h1 h2
try 'nor h2 h1' not get h2 h1
try 'the client reaches h1' get client h1
try 'the client reaches h2' get client h2
try 'heal h1 h2' $rig heal h1 h2
try 'h1 reaches h2' soon get h1 h2
try 'partition h1 h2 --oneway' $rig partition h1 h2 --oneway
try 'no connection comes about' not get h1 h2
try 'what h2 sends still arrives' pings_arrive
try 'heal' $rig heal
try 'h1 reaches h2' soon get h1 h2
try 'loss h1 100' $rig loss h1 100
try 'nobody reaches it' not get client h1
try 'loss h1 0' $rig loss h1 0
try 'it is reached' soon get client h1
try 'rate h1 1mbit' $rig rate h1 1mbit
try 'rate h1 none' $rig rate h1 none
try 'it is reached' soon get client h1
try 'freeze h1' $rig freeze h1
try 'nothing answers' not get client h1
try 'thaw h1' $rig thaw h1
try 'it is reached' soon get client h1

before=$(container)
try 'kill-docker h1' $rig kill-docker h1
try 'Docker does not answer' not $rig exec h1 docker ps
try 'its container does' get client h1
try 'start-docker h1' $rig start-docker h1
try 'the container was not touched' same_container
try 'restart-docker h1' $rig restart-docker h1
try 'the container was not touched' same_container

try 'a listener on h2' $rig spawn h2 listener busybox nc -ll -p 9000 -e cat
try 'a connection to it' $rig spawn client connection sh -c 'sleep 60 | busybox nc h2 9000'
try 'is established' soon established
try 'kill h2' $rig kill h2
try 'no process of it is left' no_process_of h2
try 'its peer was told nothing' established
try 'nobody reaches it' not get client h2
try 'start h2' $rig start h2
try 'its container is back' soon get client h2
# shellcheck disable=SC2016 # the inner shell's variables
try 'a hook for boots' $rig exec h2 sh -c 'printf "#!/bin/sh\ntouch /run/hooked\nexec sleep 1000\n" >/etc/rig-boot.d/agent; chmod +x /etc/rig-boot.d/agent; touch /var/lib/kept /tmp/lost'
try 'reboot h2 --hard' $rig reboot h2 --hard
try 'its disk is kept, /tmp is not, the hook ran' soon $rig exec h2 sh -c '[ -e /var/lib/kept ] && [ ! -e /tmp/lost ] && [ -e /run/hooked ]'
try 'partition h2' $rig partition h2
try 'reboot h2' $rig reboot h2
try 'still cut off' not get client h2
try 'heal h2' $rig heal h2
try 'its container is back' soon get client h2
try 'shutdown h2' $rig shutdown h2
try 'start h2' $rig start h2
try 'down' $rig down
try 'nothing is left' $rig leftovers
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
