# shellcheck shell=sh disable=SC2034,SC2153 # the parts share their variables; install.sh loads them all
# The agent as a process: started, stopped, asked. Under systemd it is skep.service; elsewhere a process of its
# own session with a pid file.

PID_FILE=$RUN/agent.pid

# setting KEY DEFAULT: a top-level setting of the agent's file.
setting() {
  found=
  if [ -f "$CONFIG" ]; then
    found=$(sed -n "s/^$1:[[:space:]]*\"\{0,1\}\([^\"#[:space:]]*\).*/\1/p" "$CONFIG" | head -n 1)
  fi
  printf '%s' "${found:-$2}"
}

data_folder() { setting dataDir "$DATA"; }

# skep WORDS...: the installed program, asking this host's agent whatever the environment says.
skep() {
  SKEP_SERVER=$(setting socket "$RUN/skep.sock") NODE_COMPILE_CACHE=$CURRENT/cache \
    "$CURRENT/node" "$CURRENT/skep.mjs" "$@" 9>&-
}

agent_pid() {
  if [ "$INIT" = systemd ]; then
    pid=$(systemctl show -p MainPID --value skep.service 2>/dev/null) || pid=
  else
    pid=$(cat "$PID_FILE" 2>/dev/null) || pid=
  fi
  case $pid in '' | 0 | *[!0-9]*) return 1 ;; esac
  # Somebody else's process may have got the number since.
  case $(readlink "/proc/$pid/exe" 2>/dev/null) in
    "$OPT"/releases/*) printf '%s' "$pid" ;;
    *) return 1 ;;
  esac
}

agent_runs() { agent_pid >/dev/null; }

start_agent() {
  AGENT_STARTED=$(date +%s)
  if [ "$INIT" = systemd ]; then
    quietly systemctl restart skep.service
    return
  fi
  make_folder "$RUN" 755
  make_folder "$(dirname "$LOG")" 755
  printf -- '--- %s: install.sh starts the agent\n' "$(date)" >>"$LOG"
  # A session of its own; the lock is not for it.
  (cd / && exec setsid "$CURRENT/node" "$CURRENT/skep.mjs" agent --config "$CONFIG" >>"$LOG" 2>&1 </dev/null 9>&-) &
  echo $! >"$PID_FILE"
}

# Ends the agent, and with it its etcd, in order. Containers run on.
stop_agent() {
  if [ "$INIT" = systemd ]; then
    if [ -f "$UNIT" ]; then systemctl stop skep.service >/dev/null 2>&1 || true; fi
  elif agent_runs; then
    end_process "$(agent_pid)" 60
  fi
  rm -f "$PID_FILE"
}

# end_process PID SECONDS: asks, waits, then insists.
end_process() {
  kill "$1" 2>/dev/null || return 0
  within "$2" process_ended "$1" || kill -s KILL "$1" 2>/dev/null || true
}

process_ended() { [ ! -r "/proc/$1/stat" ] || grep -q '^[0-9]* (.*) Z ' "/proc/$1/stat" 2>/dev/null; }

# An etcd of ours that outlived its agent.
stop_left_etcd() {
  for folder in /proc/[0-9]*; do
    if tr '\0' '\n' <"$folder/cmdline" 2>/dev/null | grep -qF -- "--data-dir=$(data_folder)/etcd/"; then
      end_process "${folder#/proc/}" 15
    fi
  done
}

# The last lines of the agent's log, in $WORK/agent.log.
agent_log_tail() {
  if [ "$INIT" = systemd ]; then
    # Since it was started, and without what systemd itself says of starting it again and again.
    journalctl -u skep.service ${AGENT_STARTED:+"--since=@$AGENT_STARTED"} -n 60 --no-pager -o cat 2>&1 |
      grep -vE '^(skep\.service: |(Starting|Started|Stopping|Stopped) skep\.service)' |
      tail -n 20 >"$WORK/agent.log" || true
  else
    awk '/^--- / { text = "" } { text = text $0 "\n" } END { printf "%s", text }' "$LOG" 2>/dev/null |
      tail -n 20 >"$WORK/agent.log" || true
  fi
}

step_agent() {
  step 'The agent'
  wanted_stamp="$RELEASE $CONFIG_SUM $UNIT_SUM"
  if [ "$(current_release)" = "$RELEASE" ] && agent_is_current; then
    step_ok "runs already, pid $(agent_pid)"
    return 0
  fi
  if change "point $CURRENT at $RELEASE and start the agent"; then
    undo_by point "$BEFORE"
    point_current "$RELEASE"
    if [ ! -e "$(data_folder)" ]; then undo_by data "$(data_folder)"; fi
    undo_by agent-started
    if [ -f "$STATE/started" ]; then
      mv -f "$STATE/started" "$STATE/started.skep-before"
      undo_by restore "$STATE/started"
    fi
    if [ "$INIT" != systemd ]; then stop_agent; fi
    start_agent || {
      agent_log_tail
      fail 'systemd could not start skep.service' 'see why: systemctl status skep' "$WORK/agent.log"
    }
  fi
  step_ok
}

agent_is_current() {
  [ "$(cat "$STATE/started" 2>/dev/null)" = "$wanted_stamp" ] && agent_runs &&
    [ "$(readlink "/proc/$(agent_pid)/exe")" = "$RELEASE_PATH/node" ]
}

step_answer() {
  step 'Waiting until the cluster answers'
  if [ -n "$DRY_RUN" ]; then
    step_ok
    return 0
  fi
  restarts_before=$(restarts)
  ended=
  within 90 answered_or_ended || true
  if [ -n "$ended" ] || ! cluster_answers; then
    agent_log_tail
    reason="the cluster does not answer after 90 s: $(head -n 1 "$WORK/status")"
    if [ -n "$ended" ]; then reason='the agent ended'; fi
    fail "$reason" "mend what the agent's log says (settings: $CONFIG), then run this again" "$WORK/agent.log"
  fi
  printf '%s\n' "$wanted_stamp" >"$STATE/started"
  if [ "$BEFORE" != "$RELEASE" ]; then warm_up; fi
  step_ok "agent pid $(agent_pid)"
}

answered_or_ended() {
  if cluster_answers; then return 0; fi
  # systemd starts an agent that ended again, every two seconds: not for ever, here.
  if [ "$INIT" = systemd ]; then
    [ $(($(restarts) - restarts_before)) -lt 2 ] || ended=1
  else
    agent_runs || ended=1
  fi
  [ -n "$ended" ]
}

# How often systemd has started the agent again by itself.
restarts() {
  count=
  if [ "$INIT" = systemd ]; then count=$(systemctl show -p NRestarts --value skep.service); fi
  printf '%s' "${count:-0}"
}

# Somebody leads, and this host's cell is present. A cell without a server has no API of its own to ask.
cluster_answers() {
  if [ "$(setting server true)" = false ]; then
    agent_runs
    return
  fi
  timeout 15 "$CURRENT/node" "$CURRENT/skep.mjs" --server "$(setting socket "$RUN/skep.sock")" status -o json \
    >"$WORK/status.json" 2>"$WORK/status" 9>&- || return 1
  if ! grep -q '^  "leader": {' "$WORK/status.json"; then
    echo 'no server leads yet' >"$WORK/status"
    return 1
  fi
  if grep -q '^    "present": 0' "$WORK/status.json"; then
    echo 'no cell is present yet' >"$WORK/status"
    return 1
  fi
}
