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
  case $INIT in
    systemd) pid=$(systemctl show -p MainPID --value skep.service 2>/dev/null) || pid= ;;
    # Its pid file is the supervisor's; the agent is its child.
    openrc) pid=$(child_of "$(cat "$PID_FILE" 2>/dev/null)") || pid= ;;
    *) pid=$(cat "$PID_FILE" 2>/dev/null) || pid= ;;
  esac
  case $pid in '' | 0 | *[!0-9]*) return 1 ;; esac
  # Somebody else's process may have got the number since.
  case $(readlink "/proc/$pid/exe" 2>/dev/null) in
    "$RELEASES"/*) printf '%s' "$pid" ;;
    *) return 1 ;;
  esac
}

child_of() {
  if [ -n "$1" ]; then cut -d ' ' -f 1 "/proc/$1/task/$1/children" 2>/dev/null; fi
}

agent_runs() { agent_pid >/dev/null; }

# agent_is_of_current: it runs, and from the release that is in use.
agent_is_of_current() {
  pid=$(agent_pid) && [ "$(readlink "/proc/$pid/exe")" = "$(readlink -f "$CURRENT")/node" ]
}

start_agent() {
  AGENT_STARTED=$(date +%s)
  case $INIT in
    systemd)
      quietly systemctl restart skep.service
      return
      ;;
    openrc)
      quietly rc-service skep restart
      return
      ;;
  esac
  make_folder "$RUN" 755
  make_folder "$(dirname "$LOG")" 755
  printf -- '--- %s: install.sh starts the agent\n' "$(date)" >>"$LOG"
  # A session of its own; the lock is not for it, nor that we may be past heeding signals.
  # shellcheck disable=SC2046 # flags without blanks, or none
  (
    trap - HUP INT TERM PIPE
    cd / || exit
    PATH=$CURRENT:$PATH exec setsid "$CURRENT/node" "$CURRENT/skep.mjs" agent --config "$CONFIG" \
      $(agent_flags) >>"$LOG" 2>&1 </dev/null 9>&-
  ) &
  echo $! >"$PID_FILE"
}

# announce_restart: the cell of the agent that runs stays present for 90 s without it, so that on a slow host nothing of
# it is taken for lost; it then ends only when its servers know. An agent of before this signal ignores it.
announce_restart() {
  if runs_containers && pid=$(agent_pid); then kill -s URG "$pid" 2>/dev/null || true; fi
}

# Ends the agent, and with it its etcd, in order. Containers run on.
stop_agent() {
  if [ "$INIT" = systemd ]; then
    if [ -f "$UNIT" ]; then systemctl stop skep.service >/dev/null 2>&1 || true; fi
  elif [ "$INIT" = openrc ]; then
    if [ -f "$OPENRC_SCRIPT" ]; then rc-service skep stop >/dev/null 2>&1 || true; fi
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
    if { tr '\0' '\n' <"$folder/cmdline"; } 2>/dev/null | grep -qF -- "--data-dir=$(data_folder)/etcd/"; then
      end_process "${folder#/proc/}" 15
    fi
  done
}

# The last lines of the agent's log, in $WORK/agent.log.
agent_log_tail() { agent_log_since_start | tail -n 20 >"$WORK/agent.log" || true; }

# What the agent is told beside its settings: where the token is with which it joins.
agent_flags() {
  if [ -f "$TOKEN" ]; then printf -- '--token-file %s' "$TOKEN"; fi
}

# Without an agent, all there is to start is the command.
step_agent() {
  if [ "$ROLE" = cli ]; then
    step 'The command' 7
    if [ "$BEFORE" != "$RELEASE" ] && change "point $CURRENT at $RELEASE"; then
      undo_by point "$BEFORE"
      point_current "$RELEASE"
    fi
    step_ok
    return 0
  fi
  step 'The agent' 9
  wanted_stamp="$RELEASE $CONFIG_SUM $UNIT_SUM"
  if [ "$(current_release)" = "$RELEASE" ] && agent_is_current; then
    step_ok "runs already, pid $(agent_pid)"
    return 0
  fi
  if change "point $CURRENT at $RELEASE and start the agent"; then
    undo_by point "$BEFORE"
    point_current "$RELEASE"
    if ! has_state "$(data_folder)"; then undo_by data "$(data_folder)"; fi
    undo_by agent-started
    set_started_aside
    announce_restart
    if [ "$INIT" != systemd ]; then stop_agent; fi
    start_agent || {
      cp "$WORK/step.log" "$WORK/start.log"
      agent_log_tail
      cat "$WORK/start.log" >>"$WORK/agent.log"
      fail "$INIT could not start the service skep" 'see why: systemctl status skep, rc-service skep status' "$WORK/agent.log"
    }
  fi
  step_ok
}

# A data folder also holds the releases, which are no state of a cluster.
has_state() { [ -n "$(find "$1" -mindepth 1 -maxdepth 1 ! -name releases 2>/dev/null | head -n 1)" ]; }

remove_state() { find "$1" -mindepth 1 -maxdepth 1 ! -name releases -exec rm -rf -- {} + 2>/dev/null || true; }

agent_is_current() {
  [ "$(cat "$STATE/started" 2>/dev/null)" = "$wanted_stamp" ] && agent_runs &&
    [ "$(readlink "/proc/$(agent_pid)/exe")" = "$RELEASE_PATH/node" ]
}

step_answer() {
  if [ "$ROLE" = cli ]; then return 0; fi
  step 'Waiting until the cluster answers' 9
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
  # systemd starts an agent that ended again, every two seconds: not for ever, here. Not one whose settings are wrong.
  if [ "$INIT" = systemd ]; then
    if [ $(($(restarts) - restarts_before)) -ge 2 ] || systemctl is-failed --quiet skep.service; then ended=1; fi
  elif [ "$INIT" = openrc ]; then
    agent_runs || ended=1
  # Our own child: on a busy machine it may not have become the agent yet.
  elif process_ended "$(cat "$PID_FILE")"; then
    ended=1
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
  if set_as_cell; then
    cell_registered
    return
  fi
  timeout 15 "$CURRENT/node" "$CURRENT/skep.mjs" --server "$(setting socket "$RUN/skep.sock")" status -o json \
    >"$WORK/status.json" 2>"$WORK/status" 9>&- || return 1
  if ! grep -q '^  "leader": {' "$WORK/status.json"; then
    echo 'no server leads yet' >"$WORK/status"
    return 1
  fi
  if runs_containers && grep -q '^    "present": 0' "$WORK/status.json"; then
    echo 'no cell is present yet' >"$WORK/status"
    return 1
  fi
}

# A cell alone says in its log that its servers know it, unless its settings silence that.
cell_registered() {
  agent_runs || return 1
  case $(setting logLevel info) in warn | error) return 0 ;; esac
  agent_log_since_start | grep -qF presence.registered || {
    echo 'the cell is not registered with a server yet' >"$WORK/status"
    return 1
  }
}

# What the agent wrote since it was started, without what systemd itself says of starting it again and again.
agent_log_since_start() {
  if [ "$INIT" = systemd ]; then
    journalctl -u skep.service ${AGENT_STARTED:+"--since=@$AGENT_STARTED"} --no-pager -o cat 2>&1 |
      grep -vE '^(skep\.service: |(Starting|Started|Stopping|Stopped) skep\.service)'
  else
    awk '/^--- / { text = "" } { text = text $0 "\n" } END { printf "%s", text }' "$LOG" 2>/dev/null
  fi
}
