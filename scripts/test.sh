#!/bin/sh
# Every test there is (npm test). Wants only Node 20 or later and npm, as root on Debian or Ubuntu: it brings
# the rest by itself (npm ci, apt-get, a Docker daemon of its own if none answers) and leaves nothing running
# or mounted. The last line it prints is "N passed, N failed"; it fails when a test failed or none ran.
#
#     npm test [-- VITEST ARGUMENTS]          for example: npm test -- --project e2e
set -eu

cd "$(dirname "$0")/.."
PATH=$PWD/node_modules/.bin:$PATH:/usr/local/sbin:/usr/sbin:/sbin
export PATH

# /var/tmp first: in a container /tmp may be small; the daemon's data goes here too.
work=$(mktemp -d "${TMPDIR:-/var/tmp}/skep-test.XXXXXX")
# Starting skep from source is mostly compiling it, hundreds of times: Node keeps what it has compiled here.
NODE_COMPILE_CACHE=$work/compile-cache
export NODE_COMPILE_CACHE
runner=
dockerd=

say() { printf '==> %s\n' "$*"; }

# alive PID: is it there, and not just a zombie that nobody waits for?
alive() {
  [ -r "/proc/$1/stat" ] && ! grep -q '^[0-9]* (.*) Z ' "/proc/$1/stat" 2>/dev/null
}

# stop SECONDS TARGET: TERM, then KILL after so many seconds. A negative target is a process group.
stop() {
  kill -s TERM -- "$2" 2>/dev/null || return 0
  tenths=$(($1 * 10))
  while [ "$tenths" -gt 0 ] && kill -s 0 -- "$2" 2>/dev/null; do
    case $2 in -*) ;; *) alive "$2" || break ;; esac
    tenths=$((tenths - 1))
    sleep 0.1
  done
  kill -s KILL -- "$2" 2>/dev/null || true
}

# What the tests started in sessions of its own carries our folder's name in its environment.
stop_strays() {
  for environ in /proc/[0-9]*/environ; do
    grep -qzxF "SKEP_TEST_RUN=$work" "$environ" 2>/dev/null || continue
    stray=${environ#/proc/}
    stray=${stray%/environ}
    [ "$stray" = $$ ] || stop 1 "$stray"
  done
}

cleanup() {
  trap '' HUP INT TERM
  if [ -n "$runner" ]; then stop 5 "-$runner"; fi
  stop_strays
  if [ -n "$dockerd" ]; then stop_dockerd; fi
  rm -rf "$work" 2>/dev/null || true
}

result() {
  printf '%s passed, %s failed\n' "$1" "$2"
  if [ "$2" -gt 0 ] || [ "$1" -eq 0 ]; then exit 1; fi
  exit 0
}

give_up() {
  printf 'scripts/test.sh: %s\n' "$*" >&2
  result 0 1
}

trap cleanup EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# --- what the tests stand on -------------------------------------------------------------------------------

npm_packages() {
  stamp=node_modules/.skep-package-lock.json
  if cmp -s package-lock.json "$stamp"; then return 0; fi
  hidden=node_modules/.package-lock.json
  if [ ! -x node_modules/.bin/node ] || [ ! -f "$hidden" ] || [ -n "$(find package-lock.json -newer "$hidden")" ]; then
    say 'npm ci'
    npm ci --no-audit --no-fund || npm ci --no-audit --no-fund || give_up 'npm ci failed'
  fi
  cp package-lock.json "$stamp"
}

# missing COMMAND PACKAGE: prints the package when the command is not there.
missing() { command -v "$1" >/dev/null 2>&1 || printf ' %s' "$2"; }

static_busybox() {
  box=$(command -v busybox) || return 1
  ! ldd "$(readlink -f "$box")" >/dev/null 2>&1
}

system_packages() {
  wanted=$(
    missing etcd etcd-server
    missing dockerd docker.io
    missing iptables iptables
    missing shellcheck shellcheck
    missing ps procps
    missing ip iproute2
    static_busybox || printf ' busybox-static'
  )
  if [ -z "$wanted" ] && command -v docker >/dev/null; then return 0; fi
  [ "$(id -u)" = 0 ] || give_up "run as root, or install:$wanted"
  command -v apt-get >/dev/null || give_up "no apt-get here; install by hand:$wanted"
  apt_install "$wanted"
  # Since Debian 13 the client is a package of its own.
  command -v docker >/dev/null || apt_install docker-cli
}

# Installs without starting any service that a package brings along.
apt_install() {
  say "apt-get install $1"
  policy=/usr/sbin/policy-rc.d
  ours=
  if [ ! -e "$policy" ]; then
    ours=$policy
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
  fi
  status=0
  # shellcheck disable=SC2086 # a list of names
  apt_get install $1 || { apt_get update && apt_get install $1; } || status=$?
  if [ -n "$ours" ]; then rm -f "$ours"; fi
  [ "$status" = 0 ] || give_up "apt-get could not install $1"
}

apt_get() {
  verb=$1
  shift
  DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends "$verb" "$@" >"$work/apt.log" 2>&1 </dev/null || {
    tail -n 20 "$work/apt.log" >&2
    return 1
  }
}

# --- a Docker daemon of our own, when none answers ---------------------------------------------------------

docker_answers() { timeout 20 docker version >/dev/null 2>&1; }

need_docker() {
  if docker_answers; then return 0; fi
  [ "$(id -u)" = 0 ] || give_up 'no Docker daemon answers, and only root can start one'
  say 'no Docker daemon answers: starting one'
  DOCKER_HOST=unix://$work/docker.sock
  export DOCKER_HOST
  mount_cgroups
  grep -q "docker0:" /proc/net/dev || : >"$work/bridge-is-ours"
  iptables-save 2>/dev/null | grep -q DOCKER || : >"$work/rules-are-ours"
  driver=overlay2
  # overlayfs does not stack on overlayfs.
  case $(stat -f -c %T "$work") in overlay* | tmpfs | ramfs | UNKNOWN*) driver=vfs ;; esac
  for attempt in "$driver" "vfs" "vfs --iptables=false --ip6tables=false --bridge=none"; do
    # shellcheck disable=SC2086 # a driver and flags
    if start_dockerd --storage-driver=$attempt; then return 0; fi
  done
  tail -n 30 "$work/dockerd.log" >&2
  give_up 'could not start a Docker daemon'
}

start_dockerd() {
  setsid dockerd --host "$DOCKER_HOST" --data-root "$work/docker" --exec-root "$work/exec" \
    --pidfile "$work/docker.pid" --containerd-namespace skep-test --containerd-plugins-namespace skep-test-plugins \
    "$@" >"$work/dockerd.log" 2>&1 </dev/null &
  dockerd=$!
  tries=0
  while [ "$tries" -lt 60 ] && alive "$dockerd"; do
    if docker_answers; then return 0; fi
    tries=$((tries + 1))
    sleep 0.5
  done
  stop_dockerd
  return 1
}

stop_dockerd() {
  if alive "$dockerd"; then
    # shellcheck disable=SC2046 # a list of ids
    set -- $(timeout 20 docker ps -aq 2>/dev/null)
    if [ $# -gt 0 ]; then timeout 60 docker rm -f "$@" >/dev/null 2>&1 || true; fi
  fi
  stop 20 "$dockerd"
  stop 5 "-$dockerd"
  dockerd=
  # What is still mounted below our folder, innermost first.
  awk -v under="$work/" 'index($5, under) == 1 { print $5 }' /proc/self/mountinfo | sort -r |
    while IFS= read -r mount; do umount -l "$mount" 2>/dev/null || true; done
  if [ -e "$work/bridge-is-ours" ] && command -v ip >/dev/null; then ip link del docker0 2>/dev/null || true; fi
  if [ -e "$work/rules-are-ours" ]; then drop_rules; fi
  if [ -e "$work/cgroups-are-ours" ]; then umount -l /sys/fs/cgroup 2>/dev/null || true; fi
  rm -rf "$work/docker" "$work/exec" 2>/dev/null || true
}

# A machine without an init system may lack the cgroup mounts that Docker wants.
mount_cgroups() {
  [ ! -d /sys/fs/cgroup ] || [ -z "$(ls /sys/fs/cgroup)" ] || return 0
  mkdir -p /sys/fs/cgroup
  if mount -t cgroup2 cgroup2 /sys/fs/cgroup 2>/dev/null; then : >"$work/cgroups-are-ours"; fi
}

# Docker leaves its iptables chains behind: take out every rule that names them, then the chains.
drop_rules() {
  for table in filter nat raw; do
    iptables-save -t "$table" 2>/dev/null | grep -E '^-A .*(DOCKER|docker0)' | sed 's/^-A/-D/' |
      while IFS= read -r rule; do printf '%s' "$rule" | xargs iptables -t "$table" 2>/dev/null || true; done
    iptables-save -t "$table" 2>/dev/null | sed -n 's/^:\(DOCKER[^ ]*\) .*/\1/p' |
      while IFS= read -r chain; do
        iptables -t "$table" -F "$chain" 2>/dev/null || true
        iptables -t "$table" -X "$chain" 2>/dev/null || true
      done
  done
}

# --- the tests ---------------------------------------------------------------------------------------------

shell_scripts() {
  for script in install.sh scripts/*.sh test/rig/*.sh bin/skep .ci/run; do
    [ -f "$script" ] || continue
    if shellcheck "$script"; then
      passed=$((passed + 1))
    else
      echo "FAIL shellcheck $script"
      failed=$((failed + 1))
    fi
  done
}

# In a session of its own, so that whatever a test left behind can be stopped with it. vitest.config.ts says what runs
# side by side.
all_projects() {
  export SKEP_SIM_SEEDS="${SKEP_SIM_SEEDS:-200}"
  SKEP_TEST_RUN=$work setsid vitest run --reporter=default --reporter=json --outputFile.json="$work/report.json" "$@" </dev/null &
  runner=$!
  status=0
  wait "$runner" || status=$?
  stop 5 "-$runner"
  stop_strays
  runner=
  counts=$(node scripts/test-counts.ts "$work/report.json" "$status") || counts='0 1'
  passed=$((passed + ${counts% *}))
  failed=$((failed + ${counts#* }))
}

npm_packages
system_packages
need_docker
say "Docker $(docker version --format '{{.Server.Version}}'), $(etcd --version | head -n 1), Node $(node --version)"
sh scripts/test-image.sh skep-test/busybox:1 || give_up 'could not make the test image'

passed=0
failed=0
[ $# -gt 0 ] || shell_scripts
all_projects "$@"
cleanup
result "$passed" "$failed"
