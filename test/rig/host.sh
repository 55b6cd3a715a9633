#!/bin/bash
# What a host of the rig is, how it boots and dies, and its network. Sourced by rig.sh; runs itself again as
# "__supervise NAME" (in the machine's own namespaces) and "__init NAME" (as PID 1 of the host).
#
# A host has its own network, mount, pid, uts, ipc and cgroup namespaces:
#   net      eth0 with a fixed address and MAC, a leg into a bridge in a network namespace of its own ($RIG-sw).
#            Nothing is added to this machine's own network and no route leads out.
#   mount    / is an overlay: below it this machine's /, above it the host's own disk image (ext4 on a loop
#            device); /var/lib/docker lies directly on the image, because overlay2 does not stack on overlay.
#   pid      one SIGKILL of PID 1 ends every process of the host, containers included.
#   cgroup   /sys/fs/cgroup/CONTROLLER/$RIG/HOST (cgroup v1): freeze, and what dockerd sees.
# The disk outlives a power loss; namespaces, /run, /tmp, iptables and processes do not.
set -uo pipefail
export LC_ALL=C

: "${RIG:=rig}"                  # prefix of namespaces and cgroups, at most 6 letters
: "${RIG_NET:=10.77.0}"          # the /24 inside the rig
: "${RIG_DIR:=/var/tmp/skep-rig/$RIG}" # disks and state; not on an overlay
: "${RIG_DISK:=16G}"             # size of each sparse disk image
: "${RIG_LIVE_RESTORE:=true}"    # of each dockerd; Swarm wants false
: "${RIG_SHARE:=}"               # folders of this machine that every host sees, read-only
export RIG RIG_NET RIG_DIR RIG_DISK RIG_LIVE_RESTORE RIG_SHARE

switch=$RIG-sw
cgroups=/sys/fs/cgroup

die() {
  echo "rig: $*" >&2
  exit 1
}
note() { echo "rig: $*" >&2; }

controllers() {
  local folder
  for folder in "$cgroups"/*/; do
    folder=${folder%/}
    if [ ! -L "$folder" ] && [ -f "$folder/cgroup.procs" ]; then echo "${folder##*/}"; fi
  done
}

dir_of() { echo "$RIG_DIR/hosts/$1"; }
list_hosts() { find "$RIG_DIR/hosts" -mindepth 1 -maxdepth 1 -printf '%f\n' 2>/dev/null | sort -V; }
need_host() { [ -d "$(dir_of "${1:-}")/disk" ] || die "no such host: ${1:-} (there are: $(list_hosts | tr '\n' ' '))"; }
address_of() { cat "$(dir_of "$1")/address"; }
kind_of() { cat "$(dir_of "$1")/kind"; }

# One change at a time; the lock is not handed down to what runs on (9>&-).
lock() {
  mkdir -p "$RIG_DIR"
  exec 9>"$RIG_DIR/lock"
  flock -w 300 9 || die "another rig.sh is at work on $RIG"
}

# within SECONDS COMMAND...: tries every 50 ms.
within() {
  local until=$(($(date +%s%N) + $1 * 1000000000))
  shift
  until "$@"; do
    [ "$(date +%s%N)" -lt "$until" ] || return 1
    sleep 0.05
  done
}
fails() { ! "$@" >/dev/null 2>&1; }

# A pid file holds "PID STARTTIME", so that a pid that went to somebody else is never touched.
start_time() {
  local stat fields
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  read -ra fields <<<"${stat##*) }"
  echo "${fields[19]}"
}
save_pid() { echo "$1 $(start_time "$1")" >"$2"; }
live_pid() {
  local pid started
  { read -r pid started <"$1"; } 2>/dev/null || return 1
  [ -n "$started" ] && [ "$(start_time "$pid")" = "$started" ] && echo "$pid"
}
pid_of() { live_pid "$(dir_of "$1")/init.pid"; }
supervisor_of() { live_pid "$(dir_of "$1")/supervisor.pid"; }
is_up() { pid_of "$1" >/dev/null; }

# --- network -------------------------------------------------------------------------------------------------

on_switch() { ip -n "$switch" "$@"; }
port_of() { echo "p-$1"; }

switch_up() {
  [ ! -e "/run/netns/$switch" ] || return 0
  ip netns add "$switch"
  on_switch link set lo up
  on_switch link add br0 type bridge stp_state 0 forward_delay 0
  on_switch addr add "$RIG_NET.1/24" dev br0
  on_switch link set br0 up
  # Frames that cross the bridge are not filtered by iptables. Where the machine has no such filter, fine.
  # shellcheck disable=SC2016 # the inner shell's variables
  ip netns exec "$switch" sh -c '
    for family in arptables iptables ip6tables; do echo 0 >"/proc/sys/net/bridge/bridge-nf-call-$family"; done
    cd /proc/sys/net/ipv4
    echo 1 >ip_forward
    echo 0 >icmp_ratelimit
    for name in all default br0; do echo 0 >"conf/$name/send_redirects"; done' 2>/dev/null
  # Outside addresses are refused at once, and so is a question to the resolver, so that nothing in a host waits for
  # them; the route leads back here.
  on_switch route add default dev br0 metric 9999
  ip netns exec "$switch" iptables -A FORWARD -i br0 -o br0 -p tcp -j REJECT --reject-with tcp-reset
  ip netns exec "$switch" iptables -A FORWARD -i br0 -o br0 -j REJECT
}

# A fresh namespace at every boot, the same MAC and address.
net_up() {
  local netns=$RIG-$1 address mac octets
  address=$(address_of "$1")
  net_down "$1"
  ip netns add "$netns"
  IFS=. read -ra octets <<<"$address"
  mac=$(printf '02:52:%02x:%02x:%02x:%02x' "${octets[@]}")
  on_switch link add "$(port_of "$1")" type veth peer name eth0 address "$mac" netns "$netns"
  ip -n "$netns" link set lo up
  ip -n "$netns" addr add "$address/24" dev eth0
  ip -n "$netns" link set eth0 up
  ip -n "$netns" route add default via "$RIG_NET.1"
  apply_partition "$1"
}
net_down() {
  on_switch link del "$(port_of "$1")" 2>/dev/null
  [ ! -e "/run/netns/$RIG-$1" ] || ip netns del "$RIG-$1"
}

# A partition is kept in the host's folder: it outlives a reboot of the host, as a broken cable would.
apply_partition() {
  case $(cat "$(dir_of "$1")/partition" 2>/dev/null) in
    drop) on_switch link set "$(port_of "$1")" nomaster ;;
    link) on_switch link set "$(port_of "$1")" down ;;
    *)
      on_switch link set "$(port_of "$1")" master br0
      on_switch link set "$(port_of "$1")" up
      ;;
  esac 2>/dev/null
}
bridge_rule() { ip netns exec "$switch" ebtables "$1" FORWARD -i "$(port_of "$2")" -o "$(port_of "$3")" -j DROP 2>/dev/null; }
cut_oneway() { bridge_rule -C "$1" "$2" || bridge_rule -A "$1" "$2"; }
heal_oneway() { while bridge_rule -D "$1" "$2"; do :; done; }
loss_rule() { # add|delete HOST PROBABILITY; in the raw table, before Docker's chains
  ip netns exec "$RIG-$2" iptables -t raw "$1" PREROUTING -i eth0 -m statistic --mode random --probability "$3" -j DROP
}

# --- cgroups -------------------------------------------------------------------------------------------------

make_cgroups() {
  local controller folder file
  for controller in $(controllers); do
    for folder in "$cgroups/$controller/$RIG" "$cgroups/$controller/$RIG/$1"; do
      mkdir -p "$folder"
      [ "$controller" = cpuset ] || continue
      # A v1 cpuset is unusable until both are filled in.
      for file in cpuset.cpus cpuset.mems; do
        [ -n "$(cat "$folder/$file")" ] || cat "${folder%/*}/$file" >"$folder/$file"
      done
      echo 1 >"$folder/cgroup.clone_children"
    done
  done
}
enter_cgroups() {
  local controller
  for controller in $(controllers); do echo 0 >"$cgroups/$controller/$RIG/$1/cgroup.procs" || return 1; done
}
remove_cgroups() { # [HOST]: or the whole rig's
  local controller folder
  for controller in $(controllers); do
    folder=$cgroups/$controller/$RIG${1:+/$1}
    [ ! -d "$folder" ] || find "$folder" -depth -type d -exec rmdir {} \; 2>/dev/null
  done
}
freezer_of() { echo "$cgroups/freezer/$RIG/$1/freezer.state"; }
thaw_host() { if [ -e "$(freezer_of "$1")" ]; then echo THAWED >"$(freezer_of "$1")"; fi; }

# --- boot and death, seen from outside -----------------------------------------------------------------------

define_host() { # NAME ADDRESS host|plain (plain: without Docker)
  local folder
  folder=$(dir_of "$1")
  mkdir -p "$folder/disk" "$folder/root"
  echo "$2" >"$folder/address"
  echo "$3" >"$folder/kind"
  [ ! -f "$folder/disk.img" ] || return 0
  truncate -s "$RIG_DISK" "$folder/disk.new"
  mkfs.ext4 -q -F -m 0 -E lazy_itable_init=1,lazy_journal_init=1,nodiscard "$folder/disk.new"
  mv "$folder/disk.new" "$folder/disk.img"
}

boot() { # NAME: returns when its PID 1 is there
  local folder
  folder=$(dir_of "$1")
  ! is_up "$1" || return 0
  rm -f "$folder/init.pid" "$folder/stop"
  # From a copy: bash reads a script piece by piece, and the one in the checkout may be edited meanwhile.
  setsid bash "$RIG_DIR/program/host.sh" __supervise "$1" </dev/null >>"$folder/supervisor.log" 2>&1 9>&- &
  within 30 is_up "$1" || {
    tail -n 5 "$folder/supervisor.log" >&2
    die "$1 did not start"
  }
}

booted() {
  local pid
  pid=$(pid_of "$1") && [ -e "/proc/$pid/root/run/rig-booted" ]
}

disk_is_free() { [ -z "$(losetup -j "$(dir_of "$1")/disk.img" 2>/dev/null)" ]; }

supervise() { # one turn for each boot of the host
  local name=$1 folder status
  folder=$(dir_of "$name")
  save_pid $BASHPID "$folder/supervisor.pid"
  while :; do
    remove_cgroups "$name"
    make_cgroups "$name"
    net_up "$name"
    within 10 disk_is_free "$name" || note "the disk image of $name is still attached"
    rm -f "$folder/init.pid"
    (
      enter_cgroups "$name" || exit 99
      exec nsenter --net="/run/netns/$RIG-$name" \
        unshare --mount --uts --ipc --pid --cgroup --fork --propagation private \
        bash "$RIG_DIR/program/host.sh" __init "$name"
    ) &
    wait $!
    status=$?
    echo "$(date +%T) $name ended with $status"
    rm -f "$folder/init.pid"
    net_down "$name"
    within 10 disk_is_free "$name"
    # reboot(2) in a pid namespace ends its PID 1 with SIGHUP.
    if [ $status != 129 ] || [ -e "$folder/stop" ]; then break; fi
  done
  remove_cgroups "$name"
  rm -f "$folder/supervisor.pid"
}

# Power loss. The link goes first: else the kernel would close the sockets and peers would get a FIN or RST, which
# no power loss sends.
power_off() {
  local pid supervisor
  touch "$(dir_of "$1")/stop"
  supervisor=$(supervisor_of "$1")
  [ -z "$supervisor" ] || on_switch link set "$(port_of "$1")" down 2>/dev/null
  thaw_host "$1"
  if pid=$(pid_of "$1"); then
    kill -s KILL "$pid"
    within 20 fails pid_of "$1"
  fi
  [ -n "$supervisor" ] || return 0
  within 20 fails supervisor_of "$1" || {
    note "the supervisor of $1 is stuck"
    kill -s KILL "$supervisor"
  }
}

shut_down() {
  local pid
  pid=$(pid_of "$1") || return 0
  touch "$(dir_of "$1")/stop"
  kill -s TERM "$pid"
  within 60 fails supervisor_of "$1" || power_off "$1"
}

run_in() { # HOST COMMAND...: in all namespaces and the cgroup of the host
  local name=$1 pid
  shift
  pid=$(pid_of "$name") || die "$name is down"
  (
    enter_cgroups "$name" 2>/dev/null
    exec nsenter -t "$pid" -m -u -i -n -p -C -- env -i "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" \
      HOME=/root TERM="${TERM:-dumb}" LANG=C.UTF-8 "$@" 9>&-
  )
}

# --- PID 1 of a host -----------------------------------------------------------------------------------------

hosts_file() {
  local name
  echo '127.0.0.1 localhost'
  for name in $(list_hosts); do echo "$(address_of "$name") $name"; done
}

read_only() { mount --bind "$1" "$2" && mount -o remount,bind,ro "$2"; }

mount_root() { # FOLDER ROOT
  mount --make-rprivate /
  mount -o loop,noatime "$1/disk.img" "$1/disk"
  mkdir -p "$1/disk/"{upper,work,docker,containerd}
  mount -t overlay -o "lowerdir=/,upperdir=$1/disk/upper,workdir=$1/disk/work" rootfs "$2"
  mount -t proc proc "$2/proc"
  # One kernel for all: a host may change only what belongs to its network namespace.
  mount --bind "$2/proc/sys" "$2/proc/sys"
  mount --bind "$2/proc/sys/net" "$2/proc/sys/net"
  mount -o remount,bind,ro "$2/proc/sys"
  [ ! -e "$2/proc/sysrq-trigger" ] || read_only "$2/proc/sysrq-trigger" "$2/proc/sysrq-trigger"
  # A new one at every boot, as on hardware.
  cat /proc/sys/kernel/random/uuid >"$1/boot_id"
  read_only "$1/boot_id" "$2/proc/sys/kernel/random/boot_id"
  mount -t sysfs -o ro sysfs "$2/sys"
  mount -t tmpfs -o mode=755,size=64m tmpfs "$2/run"
  mkdir -p "$2/run/lock"
  mount -t tmpfs -o mode=1777,size=1g tmpfs "$2/tmp"
}

mount_devices() { # ROOT
  local name major minor
  mount -t tmpfs -o mode=755,size=4m tmpfs "$1/dev"
  while read -r name major minor; do mknod -m 666 "$1/dev/$name" c "$major" "$minor"; done <<END
null 1 3
zero 1 5
full 1 7
random 1 8
urandom 1 9
tty 5 0
fuse 10 229
END
  mkdir -p "$1/dev/pts" "$1/dev/shm" "$1/dev/mqueue"
  mount -t devpts -o newinstance,ptmxmode=666,mode=620,gid=5 devpts "$1/dev/pts"
  ln -s pts/ptmx "$1/dev/ptmx"
  ln -s /proc/self/fd "$1/dev/fd"
  ln -s fd/0 "$1/dev/stdin"
  ln -s fd/1 "$1/dev/stdout"
  ln -s fd/2 "$1/dev/stderr"
  mount -t tmpfs -o mode=1777 tmpfs "$1/dev/shm"
  mount -t mqueue mqueue "$1/dev/mqueue"
}

# From inside the cgroup namespace: the host sees its own part of each hierarchy and nothing else.
mount_cgroups() { # ROOT
  local controller
  mount -t tmpfs -o mode=755,size=1m tmpfs "$1/sys/fs/cgroup"
  for controller in $2; do
    mkdir "$1/sys/fs/cgroup/$controller"
    case $controller in
      unified) mount -t cgroup2 cgroup2 "$1/sys/fs/cgroup/$controller" ;;
      systemd) mount -t cgroup -o none,name=systemd cgroup "$1/sys/fs/cgroup/$controller" ;;
      *) mount -t cgroup -o "$controller" cgroup "$1/sys/fs/cgroup/$controller" ;;
    esac
  done
}

first_boot() { # NAME ROOT
  rm -f "$2/etc/resolv.conf" "$2/etc/machine-id"
  echo "nameserver $RIG_NET.1" >"$2/etc/resolv.conf"
  echo -n "$RIG-$1" | md5sum | cut -c1-32 >"$2/etc/machine-id"
  rm -rf "$2/etc/rig-boot.d"
  mkdir -p "$2/etc/docker" "$2/etc/rig-boot.d"
  printf '{"live-restore": %s, "storage-driver": "overlay2", "log-opts": {"max-size": "10m", "max-file": "2"}}\n' \
    "$RIG_LIVE_RESTORE" >"$2/etc/docker/daemon.json"
}

init() {
  local name=$1 folder root pid share kind known
  folder=$(dir_of "$name")
  root=$folder/root
  kind=$(kind_of "$name")
  known=$(controllers)
  # /proc is still this machine's: our pid as seen from outside.
  read -r pid _ </proc/self/stat
  mount_root "$folder" "$root"
  mount_devices "$root"
  mount_cgroups "$root" "$known"
  mkdir -p "$root/var/lib/docker" "$root/var/lib/containerd"
  mount --bind "$folder/disk/docker" "$root/var/lib/docker"
  mount --bind "$folder/disk/containerd" "$root/var/lib/containerd"
  for share in $RIG_SHARE; do
    mkdir -p "$root$share"
    read_only "$share" "$root$share"
  done
  hostname "$name"
  echo "$name" >"$root/etc/hostname"
  hosts_file >"$root/etc/hosts"
  [ -e "$folder/disk/seeded" ] || first_boot "$name" "$root"
  touch "$folder/disk/seeded"
  cp "$RIG_DIR/program/docker-service.sh" "$root/run/docker-service"
  save_pid "$pid" "$folder/init.pid" # from here on the host counts as up
  cd "$root" || exit 1
  mkdir -p .before
  pivot_root . .before
  cd / || exit 1
  umount -l /.before
  rmdir /.before 2>/dev/null
  export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
  serve "$kind"
}

# Starts Docker, then everything executable in /etc/rig-boot.d; reaps orphans; TERM shuts the host down.
serve() {
  local hook
  trap 'trap "" TERM; kill -s TERM -1 2>/dev/null; sleep 1; exit 0' TERM
  if [ "$1" = host ]; then
    sh /run/docker-service containerd start && sh /run/docker-service dockerd start
  fi
  for hook in /etc/rig-boot.d/*; do
    [ -x "$hook" ] || continue
    setsid "$hook" </dev/null >>"/var/log/$(basename "$hook").log" 2>&1 &
  done
  touch /run/rig-booted
  while :; do
    sleep 3600 &
    wait $!
  done
}

if [ "${BASH_SOURCE[0]}" = "$0" ]; then
  case ${1:-} in
    __supervise) supervise "$2" ;;
    __init) init "$2" ;;
    *) die 'use rig.sh' ;;
  esac
  exit
fi
