# shellcheck shell=sh disable=SC2034,SC2153 # the parts share their variables; install.sh loads them all
# Whether this machine is fit: everything is looked at before anything is changed, and everything that is
# wrong is told at once, each with its remedy.

PROBLEMS=
CHECK_STATUS=4

# problem WHAT REMEDY
problem() {
  PROBLEMS="$PROBLEMS  - $1
      $2
"
}

step_check() {
  step 'Checking this machine'
  check_all
  if [ -n "$PROBLEMS" ]; then
    echo 'not fit'
    STEP_OPEN=
    {
      echo 'install.sh: Skep cannot be set up here. Nothing was changed.'
      printf '%s' "$PROBLEMS"
    } >&2
    exit "$CHECK_STATUS"
  fi
  unpack_kit
  open_journal
  step_ok "$SYSTEM, $INIT_NAME"
}

check_only() {
  STEPS=1
  begin_run
  settle_choices
  DRY_RUN=1
  step_check
  echo 'This machine is fit for Skep.'
}

check_all() {
  check_system
  if [ "$(id -u)" != 0 ]; then
    problem 'this is not root' "run it as root: sudo ./install.sh"
    return 0
  fi
  check_commands
  check_choices
  check_engine
  check_space
  check_folders
  check_release
  if [ "$ROLE" != cli ]; then check_ports; fi
}

check_system() {
  SYSTEM=$(sed -n 's/^PRETTY_NAME="\{0,1\}\([^"]*\).*/\1/p' /etc/os-release 2>/dev/null) || SYSTEM=
  SYSTEM=${SYSTEM:-$(uname -s)}
  INIT_NAME='no systemd'
  case $INIT in
    systemd) INIT_NAME=systemd ;;
    openrc) INIT_NAME=OpenRC ;;
  esac
  if [ "$(uname -s)" != Linux ]; then
    problem "this is $(uname -s)" 'Skep runs containers on Linux: install it there'
  fi
  case $(uname -m) in
    x86_64 | aarch64) ;;
    *) problem "the processor is $(uname -m)" 'Skep has a Node for x86_64 and aarch64 only' ;;
  esac
  if [ ! -e /lib64/ld-linux-x86-64.so.2 ] && [ ! -e /lib/ld-linux-aarch64.so.1 ]; then
    problem 'there is no GNU libc here' 'use a distribution with glibc 2.28 or later, such as Debian 12'
  fi
}

check_commands() {
  for command in awk cmp cut flock grep mktemp readlink sed setsid sha256sum sort tail tar timeout; do
    have "$command" || problem "the command $command is missing" \
      "install it: apt-get install coreutils diffutils gawk grep sed tar util-linux"
  done
  if ! have apt-get; then
    have etcd || [ -n "$FROM_FILE$OFFLINE" ] || is_release_file "$SELF" || ! is_server ||
      problem 'etcd is missing, and there is no apt-get to install it with' \
        'install etcd 3.4 or later so that the command etcd is on PATH'
  fi
  case $ROOT in
    *[[:space:]]*) problem "SKEP_INSTALL_ROOT is '$ROOT'" 'choose a folder without blanks in its name' ;;
    '' | /*) ;;
    *) problem "SKEP_INSTALL_ROOT is '$ROOT'" 'choose an absolute path' ;;
  esac
}

# An engine is installed only when that was asked for, at a terminal or by an option.
check_engine() {
  if ! runs_containers || find_engine; then return 0; fi
  if have dockerd || podman_can_start; then return 0; fi
  if have podman && [ -z "$INSTALL_DOCKER" ]; then
    problem "Podman is here, and nothing answers at $PODMAN_SOCKET, through which Skep would use it" \
      "start its service: podman system service --time=0 unix://$PODMAN_SOCKET (OpenRC: rc-update add podman; rc-service podman start); or have Docker: --install-docker"
  elif ! have apt-get; then
    problem 'neither Docker nor Podman answers, and there is no apt-get to install it with' \
      'install Docker Engine and start it, or Podman and enable podman.socket'
  elif [ -z "$INSTALL_DOCKER$YES$DRY_RUN" ] && [ -t 0 ] && [ "$MODE" = install ]; then
    printf '\nNeither Docker nor Podman answers. Install Docker with apt-get? [y/N] ' >&2
    read -r answer || answer=
    case $answer in
      y | Y | yes) INSTALL_DOCKER=1 ;;
      *) problem 'neither Docker nor Podman answers' 'install and start one of them, or: --install-docker' ;;
    esac
  elif [ -z "$INSTALL_DOCKER$YES" ]; then
    problem 'neither Docker nor Podman answers' 'have Docker installed: --install-docker; or start one of them'
  fi
}

check_space() {
  memory_mb=$(awk '/^MemTotal:/ { print int($2 / 1024) }' /proc/meminfo)
  if [ "$memory_mb" -lt 700 ]; then
    problem "there are $memory_mb MB of memory" 'Skep, etcd and Docker need 700 MB before any container: add memory'
  fi
  need_space "$DATA" 1000 'the program, the one before it and the state of the cluster'
}

# need_space PATH MB WHAT
need_space() {
  at=$1
  while [ ! -d "$at" ]; do at=$(dirname "$at"); done
  free_mb=$(df -Pm "$at" | awk 'NR == 2 { print $4 }')
  if [ "$free_mb" -lt "$2" ]; then
    problem "$at has $free_mb MB free, and $3 need $2 MB" "free some space below $at"
  fi
}

check_folders() {
  for folder in "$OPT" "$DATA" "$RELEASES" "$(dirname "$CONFIG")" "$RUN" "$(dirname "$LAUNCHER")"; do
    at=$folder
    while [ ! -e "$at" ]; do at=$(dirname "$at"); done
    if [ ! -d "$at" ]; then
      problem "$at is no folder" "move it away: $folder must be made there"
    elif ! can_make_folder "$at"; then
      problem "$at cannot be written" "mount it writable: $folder must be made there"
    fi
  done
  if [ -e "$LAUNCHER" ] && ! is_our_launcher; then
    problem "$LAUNCHER is there and not from this script" 'move it away'
  fi
  if [ -d "$CURRENT" ] && [ ! -L "$CURRENT" ]; then
    problem "$CURRENT is a folder, not a link" 'move it away'
  fi
}

# One name, held by the lock: what a run left that was killed here is taken away by the next one, which looks here too.
can_make_folder() {
  rmdir "$1/.skep-probe" 2>/dev/null || :
  mkdir -m 700 "$1/.skep-probe" 2>/dev/null && rmdir "$1/.skep-probe"
}

check_ports() {
  case $PORT_BASE in
    '' | *[!0-9]*) problem "SKEP_INSTALL_PORT_BASE is '$PORT_BASE'" 'give a number, such as 7400' && return 0 ;;
  esac
  # A cell without a server listens nowhere, and an agent that runs has its ports.
  if ! is_server || set_as_cell || agent_runs; then return 0; fi
  for port in "$(port_setting api 0)" "$(port_setting etcdClient 1)" "$(port_setting etcdPeer 2)"; do
    owner=$(port_owner "$port") || continue
    # An etcd that outlived its agent is adopted.
    case $owner in *"--data-dir=$(data_folder)/etcd/"*) continue ;; esac
    problem "port $port is taken by ${owner:-a process that cannot be seen from here}" \
      "stop it, or give Skep other ports: write 'ports: { api: N, etcdClient: N, etcdPeer: N }' into $CONFIG"
  done
}

# port_setting NAME OFFSET: what the settings say, or the default.
port_setting() {
  port=
  if [ -f "$CONFIG" ]; then
    port=$(sed 's/#.*//' "$CONFIG" | grep -oE "(^|[^A-Za-z])$1:[[:space:]]*[0-9]+" | grep -oE '[0-9]+$' | head -n 1) || port=
  fi
  printf '%s' "${port:-$((PORT_BASE + $2))}"
}

# port_owner PORT: true when somebody listens on it where the agent will; says who.
port_owner() {
  # The kernel's notation: the address backwards, in hexadecimal. All zeroes: every address.
  # shellcheck disable=SC2046,SC2183 # four numbers
  mine=$(printf '%02X%02X%02X%02X' $(setting address 127.0.0.1 | awk -F . '{ print $4, $3, $2, $1 }'))
  # State 0A is LISTEN; field 10 is the socket's inode.
  inode=$(awk -v end="(^|0)($mine|00000000):$(printf '%04X' "$1")\$" \
    '$4 == "0A" && $2 ~ end { print $10; exit }' /proc/net/tcp /proc/net/tcp6 2>/dev/null)
  if [ -z "$inode" ]; then return 1; fi
  for folder in /proc/[0-9]*; do
    # shellcheck disable=SC2010 # the targets of links, which only ls shows for all at once
    if ls -l "$folder/fd" 2>/dev/null | grep -qF "socket:[$inode]"; then
      words=$({ tr '\0' ' ' <"$folder/cmdline"; } 2>/dev/null | cut -c 1-300) || words=
      printf '%s (pid %s)' "$words" "${folder#/proc/}"
      return 0
    fi
  done
}
