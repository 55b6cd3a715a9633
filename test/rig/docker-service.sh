#!/bin/sh
# Starts, stops and kills containerd and dockerd inside a host of the rig; its PID 1 uses it, and so does rig.sh.
#
#     docker-service.sh containerd|dockerd start|stop|kill
set -u
service=$1
action=$2
pid_file=/run/$service.rig.pid
log=/var/log/$service.log

alive() {
  pid=$(cat "$pid_file" 2>/dev/null) && [ -n "$pid" ] && grep -qs "$service" "/proc/$pid/comm" &&
    ! grep -qs '^State:.*Z' "/proc/$pid/status"
}

# within SECONDS COMMAND...
within() {
  tries=$(($1 * 20))
  shift
  while [ "$tries" -gt 0 ]; do
    "$@" && return 0
    tries=$((tries - 1))
    sleep 0.05
  done
  return 1
}

dead() { ! alive; }
containerd_answers() { [ -S /run/containerd/containerd.sock ]; }
dockerd_answers() { curl -fsS -m 2 --unix-socket /run/docker.sock http://docker/_ping >/dev/null 2>&1; }

start() {
  case $service in
    containerd)
      mkdir -p /run/containerd
      printf 'version = 2\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n' >/run/containerd/config.toml
      set -- containerd --config /run/containerd/config.toml
      ;;
    *)
      # In a small pid namespace a stale pid file nearly always names somebody who lives.
      rm -f /run/docker.pid
      set -- dockerd -H unix:///run/docker.sock --containerd=/run/containerd/containerd.sock
      ;;
  esac
  setsid "$@" >>"$log" 2>&1 </dev/null &
  echo $! >"$pid_file"
  within 60 "${service}_answers" || {
    tail -n 5 "$log" >&2
    exit 1
  }
}

case $action in
  start) alive || start ;;
  stop)
    if alive; then
      kill -s TERM "$pid"
      within 30 dead || kill -s KILL "$pid"
    fi
    ;;
  kill)
    if alive; then
      kill -s KILL "$pid"
      within 5 dead
    fi
    ;;
  *)
    echo "docker-service.sh: start, stop or kill, not $action" >&2
    exit 2
    ;;
esac
