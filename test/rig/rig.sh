#!/bin/bash
# Several hosts on one machine, each with its own address, disk, PID 1 and Docker daemon, and the faults that hosts
# have. For tests by hand and benchmarks that need more than one kernel's worth of Docker; README.md beside this file.
#
#   rig.sh check                     can it run here? says what is missing
#   rig.sh up [N]                    hosts h1..hN (3) and "client", which has no Docker
#   rig.sh down                      remove everything
#   rig.sh leftovers                 what of this rig still exists; status 1 if something does
#   rig.sh status                    one line a host
#   rig.sh exec HOST COMMAND...      in the host
#   rig.sh net HOST COMMAND...       with only the network of the host: this machine's files, pids and folder
#   rig.sh spawn HOST NAME COMMAND.. in the background of the host: /var/log/NAME.log, /run/NAME.pid
#   rig.sh put HOST FILE PATH        copy a file into the host, with its mode
#   rig.sh load FILE.tar [HOST...]   docker load, on all hosts unless named
#   rig.sh ip|pid|sock|root HOST     address; PID 1; DOCKER_HOST and the root folder, seen from this machine
#   rig.sh hosts                     the names of those with Docker
#
#   rig.sh kill HOST                 power loss: silence on the wire, everything dead, the disk stays
#   rig.sh start HOST                power on: same disk, same address
#   rig.sh shutdown HOST             in order
#   rig.sh reboot HOST [--hard]
#   rig.sh partition HOST [--link]   cut off: frames vanish (--link: and the host sees that its cable is out)
#   rig.sh partition A B [--oneway]  only between these two (--oneway: only what A sends to B)
#   rig.sh heal [HOST [HOST]]        undo; without a name all of it
#   rig.sh loss HOST PERCENT         of incoming packets; 0: none
#   rig.sh rate HOST RATE            of outgoing bytes, such as 1mbit; none: no limit
#   rig.sh freeze|thaw HOST          every process hangs; the kernel still answers pings and TCP SYNs
#   rig.sh stop-docker|kill-docker|start-docker|restart-docker HOST
#
# What is executable in a host's /etc/rig-boot.d is started at every boot: the place for an agent. Environment: RIG
# (name), RIG_NET (10.77.0), RIG_DIR, RIG_DISK, RIG_LIVE_RESTORE, RIG_SHARE; see host.sh. Two rigs at once need
# different names; their addresses may be the same.
set -uo pipefail
here=$(dirname "$(readlink -f "$0")")
# shellcheck source=/dev/null
. "$here/host.sh"
: "${switch:?}" "${cgroups:?}"

image=skep-test/busybox:1

docker_hosts() {
  local name
  for name in $(list_hosts); do
    if [ "$(kind_of "$name")" = host ]; then echo "$name"; fi
  done
}

check() {
  local command missing=
  [ "$(id -u)" = 0 ] || die 'only root can make hosts out of namespaces'
  for command in ip ebtables iptables nsenter unshare losetup mkfs.ext4 containerd dockerd docker runc curl flock busybox; do
    command -v "$command" >/dev/null || missing="$missing $command"
  done
  [ -z "$missing" ] || die "missing commands:$missing (Debian: iproute2 iptables ebtables util-linux e2fsprogs docker.io curl busybox-static)"
  unshare --mount --uts --ipc --pid --net --cgroup --fork true 2>/dev/null ||
    die 'this machine allows no new namespaces (in a container: run it privileged)'
  [ -d "$cgroups/freezer" ] ||
    die "$cgroups has no cgroup v1 hierarchies: boot with systemd.unified_cgroup_hierarchy=0"
  losetup -f >/dev/null 2>&1 || die 'there is no free loop device'
  [ ${#RIG} -le 6 ] || die "the name $RIG is too long: 6 letters at most"
}

load_image() { # FILE HOST...
  local file=$1 name
  shift
  for name in "$@"; do run_in "$name" docker load -q <"$file" >/dev/null || die "docker load failed on $name"; done
}

# Made once and copied, so that it has the same id on every host: a second import would give another one.
share_image() {
  local name
  [ -f "$RIG_DIR/image.tar" ] || {
    DOCKER_HOST=$(socket_of h1) sh "$here/../../scripts/test-image.sh" "$image" || die 'the test image could not be made'
    DOCKER_HOST=$(socket_of h1) docker save "$image" >"$RIG_DIR/image.tar"
  }
  for name in $(docker_hosts); do
    if ! run_in "$name" docker image inspect "$image" >/dev/null 2>&1; then load_image "$RIG_DIR/image.tar" "$name"; fi
  done
}

up() {
  local count=${1:-3} index name
  check
  lock
  mkdir -p "$RIG_DIR/program"
  for name in host.sh docker-service.sh; do
    [ -f "$RIG_DIR/program/$name" ] || cp "$here/$name" "$RIG_DIR/program/$name"
  done
  switch_up
  define_host client "$RIG_NET.3" plain
  for index in $(seq 1 "$count"); do define_host "h$index" "$RIG_NET.$((10 + index))" host; done
  for name in $(list_hosts); do boot "$name"; done
  for name in $(list_hosts); do wait_for_boot "$name"; done
  share_image
  note "up: $(docker_hosts | wc -l) hosts on $RIG_NET.0/24"
}

wait_for_boot() { within 120 booted "$1" || die "$1 is not ready: see $(dir_of "$1")/supervisor.log"; }

down() {
  local name netns
  [ -d "$RIG_DIR" ] || return 0
  lock
  for name in $(list_hosts); do power_off "$name"; done
  for netns in $(ip netns list | awk -v prefix="$RIG-" 'index($1, prefix) == 1 { print $1 }'); do ip netns del "$netns"; done
  remove_cgroups
  rm -rf "$RIG_DIR"
  rmdir "$(dirname "$RIG_DIR")" 2>/dev/null || true
}

leftovers() {
  local found
  found=$(
    ip netns list 2>/dev/null | awk -v prefix="$RIG-" 'index($1, prefix) == 1 { print "network namespace " $1 }'
    for name in $(controllers); do if [ -d "$cgroups/$name/$RIG" ]; then echo "cgroup $name/$RIG"; fi; done
    losetup -l -n -O NAME,BACK-FILE 2>/dev/null | grep -F "$RIG_DIR/"
    grep -sF "$RIG_DIR/" /proc/mounts
    if [ -d "$RIG_DIR" ]; then echo "folder $RIG_DIR"; fi
    for process in /proc/[0-9]*; do
      if tr '\0' ' ' 2>/dev/null <"$process/cmdline" | grep -qF "$RIG_DIR/program/host.sh __"; then echo "process ${process#/proc/}"; fi
    done
  )
  [ -z "$found" ] || {
    echo "$found"
    return 1
  }
}

status() {
  local name state docker
  printf '%-8s %-15s %-7s %-7s %s\n' HOST ADDRESS STATE DOCKER PARTITION
  for name in $(list_hosts); do
    state=down docker=-
    if is_up "$name"; then
      state=up
      [ "$(cat "$(freezer_of "$name")")" = THAWED ] || state=frozen
      if [ "$state" = up ] && [ "$(kind_of "$name")" = host ]; then
        docker=down
        if DOCKER_HOST=$(socket_of "$name") timeout 3 docker version >/dev/null 2>&1; then docker=up; fi
      fi
    fi
    printf '%-8s %-15s %-7s %-7s %s\n' "$name" "$(address_of "$name")" "$state" "$docker" "$(cat "$(dir_of "$name")/partition" 2>/dev/null)"
  done
  ip netns exec "$switch" ebtables -L FORWARD 2>/dev/null | awk '/DROP/ { print "cut:", $2, "->", $4 }'
}

root_of() {
  local pid
  pid=$(pid_of "$1") || die "$1 is down"
  echo "/proc/$pid/root"
}
socket_of() { echo "unix://$(root_of "$1")/run/docker.sock"; }

spawn() { # HOST NAME COMMAND...
  local host=$1 name=$2
  shift 2
  # shellcheck disable=SC2016 # the inner shell's variables
  run_in "$host" sh -c 'name=$1; shift; setsid "$@" >>"/var/log/$name.log" 2>&1 </dev/null & echo $! >"/run/$name.pid"' sh "$name" "$@"
}

put() { # HOST FILE PATH
  # shellcheck disable=SC2016,SC2094 # the inner shell's variables; the file is only read
  run_in "$1" sh -c 'mkdir -p "$(dirname "$1")" && cat >"$1" && chmod "$2" "$1"' sh "$3" "$(stat -c %a "$2")" <"$2"
}

power_on() {
  boot "$1"
  wait_for_boot "$1"
}

partition() { # HOST [--link] | A B [--oneway]
  need_host "$1"
  case ${2:-} in
    '' | --link)
      if [ "${2:-}" = --link ]; then echo link; else echo drop; fi >"$(dir_of "$1")/partition"
      apply_partition "$1"
      ;;
    *)
      need_host "$2"
      cut_oneway "$1" "$2"
      [ "${3:-}" = --oneway ] || cut_oneway "$2" "$1"
      ;;
  esac
}

heal() { # [HOST [HOST]]
  local name
  if [ $# = 2 ]; then
    heal_oneway "$1" "$2"
    heal_oneway "$2" "$1"
    return 0
  fi
  [ $# = 0 ] || need_host "$1"
  for name in ${1:-$(list_hosts)}; do
    rm -f "$(dir_of "$name")/partition"
    apply_partition "$name"
  done
  if [ $# = 0 ]; then
    ip netns exec "$switch" ebtables -F FORWARD
  else
    for name in $(list_hosts); do heal "$1" "$name"; done
  fi
}

loss() { # HOST PERCENT
  local file probability
  file=$(dir_of "$1")/loss
  if probability=$(cat "$file" 2>/dev/null); then loss_rule -D "$1" "$probability" 2>/dev/null; fi
  rm -f "$file"
  [ "$2" != 0 ] || return 0
  probability=$(awk -v percent="$2" 'BEGIN { printf "%.2f", percent / 100 }')
  echo "$probability" >"$file"
  loss_rule -I "$1" "$probability"
}

rate() { # HOST RATE
  ip netns exec "$RIG-$1" tc qdisc del dev eth0 root 2>/dev/null
  [ "$2" = none ] || ip netns exec "$RIG-$1" tc qdisc add dev eth0 root tbf rate "$2" burst 64kbit latency 200ms
}

usage() { sed -n '2,/^set -u/p' "$0" | sed '$d; s/^# \{0,1\}//'; }

command=${1:-help}
[ $# = 0 ] || shift
case $command in
  check) check ;;
  up) up "$@" ;;
  down) down ;;
  leftovers) leftovers ;;
  status) status ;;
  hosts) docker_hosts ;;
  heal) heal "$@" ;;
  load)
    file=$1
    shift
    # shellcheck disable=SC2046 # a list of names
    load_image "$file" "${@:-$(docker_hosts)}"
    ;;
  help | --help | -h) usage ;;
  *)
    need_host "${1:-}"
    case $command in
      exec) run_in "$@" ;;
      net)
        is_up "$1" || die "$1 is down"
        exec nsenter --net="/run/netns/$RIG-$1" "${@:2}"
        ;;
      spawn) spawn "$@" ;;
      put) put "$@" ;;
      partition) partition "$@" ;;
      loss) loss "$@" ;;
      rate) rate "$@" ;;
      ip) address_of "$1" ;;
      pid) pid_of "$1" || die "$1 is down" ;;
      sock) socket_of "$1" ;;
      root) root_of "$1" ;;
      kill) lock && power_off "$1" ;;
      start) lock && power_on "$1" ;;
      shutdown) lock && shut_down "$1" ;;
      reboot)
        lock
        if [ "${2:-}" = --hard ]; then power_off "$1"; else shut_down "$1"; fi
        power_on "$1"
        ;;
      freeze) echo FROZEN >"$(freezer_of "$1")" ;;
      thaw) thaw_host "$1" ;;
      stop-docker) run_in "$1" sh /run/docker-service dockerd stop ;;
      kill-docker) run_in "$1" sh /run/docker-service dockerd kill ;;
      start-docker) run_in "$1" sh /run/docker-service containerd start && run_in "$1" sh /run/docker-service dockerd start ;;
      restart-docker) run_in "$1" sh /run/docker-service dockerd stop && run_in "$1" sh /run/docker-service dockerd start ;;
      *)
        usage >&2
        exit 2
        ;;
    esac
    ;;
esac
exit
