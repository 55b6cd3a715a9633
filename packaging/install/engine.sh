# shellcheck shell=sh disable=SC2034,SC2153 # the parts share their variables; install.sh loads them all
# The container engine and etcd: used when they are there, installed when not. Debian's etcd package starts a
# service of its own, which Skep has no use for (its agent runs its own etcd): it is stopped if we brought it.

DOCKERD_PID=$RUN/dockerd.pid
DOCKERD_LOG=$(dirname "$LOG")/dockerd.log

PODMAN_SOCKET=/run/podman/podman.sock

# find_engine: true when one answers; $ENGINE is its command, $ENGINE_NAME is for people.
find_engine() {
  ENGINE=
  if docker_answers; then
    ENGINE=docker
    ENGINE_NAME="Docker $(timeout 20 docker version --format '{{.Server.Version}}')"
  elif podman_answers; then
    ENGINE=podman
    ENGINE_NAME="Podman $(podman_version)"
  fi
  [ -n "$ENGINE" ]
}

docker_answers() { have docker && ! docker_is_podman && timeout 20 docker version >/dev/null 2>&1; }

# The package podman-docker has a `docker` that is Podman's own command, and answers where no service does.
docker_is_podman() { docker --version 2>/dev/null | grep -qi podman; }

# The agent uses the socket, which the plain command does without.
podman_answers() { have podman && [ -S "$PODMAN_SOCKET" ] && podman_version >/dev/null; }

podman_version() { timeout 20 podman --url "unix://$PODMAN_SOCKET" version --format '{{.Server.Version}}' 2>/dev/null; }

# True when Podman is the engine of this host, and systemd only has to open its socket.
podman_can_start() {
  ! have dockerd && have podman && [ "$INIT" = systemd ] && systemctl cat podman.socket >/dev/null 2>&1
}

start_podman() {
  change 'enable podman.socket' || return 0
  quietly systemctl enable --now podman.socket ||
    fail 'systemd could not start podman.socket' 'see why: journalctl -u podman.socket -n 50' "$WORK/step.log"
  within 30 podman_answers ||
    fail "podman.socket was started, and $PODMAN_SOCKET does not answer after 30 s" 'see why: journalctl -u podman -n 50'
  note 'podman.socket is enabled: it is what Skep talks to'
}

step_engine() {
  step 'Container engine' 6
  if find_engine; then
    step_ok "$ENGINE_NAME answers"
    return 0
  fi
  if podman_can_start; then
    ENGINE=podman
    start_podman
    if [ -z "$DRY_RUN" ]; then find_engine || fail 'Podman does not answer' 'see why: podman version'; fi
    step_ok "${ENGINE_NAME:-}"
    return 0
  fi
  ENGINE=docker
  if ! have dockerd; then
    engine_packages
    # shellcheck disable=SC2086 # a list of names
    if change "apt-get install $wanted"; then
      apt_install package $wanted
      # Since Debian 13 the client is a package of its own.
      have docker || apt_install package docker-cli
      note "installed $wanted"
    fi
  fi
  if change 'start Docker'; then start_docker; fi
  if [ -n "$DRY_RUN" ]; then
    step_ok
  else
    find_engine || fail 'Docker does not answer' "see why: docker version" "$DOCKERD_LOG"
    step_ok "$ENGINE_NAME answers"
  fi
}

engine_packages() {
  wanted='docker.io'
  have iptables || wanted="$wanted iptables"
  [ -s /etc/ssl/certs/ca-certificates.crt ] || wanted="$wanted ca-certificates"
  # Where the kernel has AppArmor, Docker starts no container without its parser.
  if [ "$(cat /sys/module/apparmor/parameters/enabled 2>/dev/null)" = Y ] && ! have apparmor_parser; then
    wanted="$wanted apparmor"
  fi
}

start_docker() {
  if within 5 docker_answers; then return 0; fi
  if [ "$INIT" = systemd ]; then
    quietly systemctl enable --now docker.service ||
      fail 'systemd could not start docker.service' 'see why: journalctl -u docker -n 50' "$WORK/step.log"
    within 60 docker_answers ||
      fail 'Docker was started and does not answer after 60 s' 'see why: journalctl -u docker -n 50'
    return 0
  fi
  if [ "$INIT" = openrc ] && [ -x /etc/init.d/docker ]; then
    quietly rc-update add docker default || note 'Docker is not in the runlevel default: it may not start with the host'
    quietly rc-service docker start ||
      fail 'OpenRC could not start docker' 'see why: rc-service docker start; tail /var/log/docker.log' "$WORK/step.log"
    within 60 docker_answers ||
      fail 'Docker was started and does not answer after 60 s' 'see why: tail /var/log/docker.log' /var/log/docker.log
    return 0
  fi
  make_folder "$(dirname "$DOCKERD_LOG")" 755
  make_folder "$RUN" 755
  mount_cgroups
  (cd / && exec setsid dockerd >>"$DOCKERD_LOG" 2>&1 </dev/null 9>&-) &
  echo $! >"$DOCKERD_PID"
  made dockerd "$DOCKERD_PID"
  within 60 dockerd_settled
  docker_answers ||
    fail 'dockerd was started and does not answer' "mend what its log says ($DOCKERD_LOG), then run this again" "$DOCKERD_LOG"
  note "no systemd: dockerd runs by itself, log $DOCKERD_LOG; stop it with: kill \$(cat $DOCKERD_PID)"
}

# Answers, or has ended.
dockerd_settled() { docker_answers || ! kill -0 "$(cat "$DOCKERD_PID")" 2>/dev/null; }

# A machine without an init system may lack the cgroup mounts that Docker wants.
mount_cgroups() {
  if [ -n "$(ls /sys/fs/cgroup 2>/dev/null)" ]; then return 0; fi
  mkdir -p /sys/fs/cgroup 2>/dev/null || return 0
  if mount -t cgroup2 cgroup2 /sys/fs/cgroup 2>/dev/null; then note 'mounted /sys/fs/cgroup'; fi
}

step_etcd() {
  step 'etcd' 6
  if release_has etcd; then
    step_ok "version $(header etcd), in the release"
    return 0
  fi
  if ! have etcd; then
    if change 'apt-get install etcd-server, and disable the service that comes with it'; then
      made etcd-service disable
      apt_install package etcd-server
      have etcd || fail 'the package etcd-server brought no etcd' 'install etcd 3.4 or later by hand'
      note 'installed etcd-server'
    else
      step_ok
      return 0
    fi
  fi
  if [ -z "$DRY_RUN" ] && was_made etcd-service disable; then disable_etcd_service; fi
  step_ok "$(etcd --version 2>/dev/null | awk 'NR == 1 { print "version " $3 }')"
}

# Once, and only when this script installed the package.
disable_etcd_service() {
  if [ -d /run/systemd/system ]; then
    quietly systemctl disable --now etcd.service ||
      fail 'the etcd service of the Debian package could not be stopped' \
        'stop it: systemctl disable --now etcd' "$WORK/step.log"
  elif [ -x /etc/init.d/etcd ]; then
    quietly /etc/init.d/etcd stop || true
    quietly update-rc.d etcd disable || true
  fi
  forget etcd-service disable
  note "the package's own etcd service is stopped and disabled: the agent of Skep runs its own"
}
