# shellcheck shell=sh disable=SC2034,SC2153 # the parts share their variables; install.sh loads them all
# Takes away what install.sh put here, and this cluster's containers. Every part is looked for anew, so that it
# can be repeated after a failure. Packages go only with --purge, and only if nothing else uses them.

uninstall_skep() {
  STEPS=5
  if [ -n "$PURGE" ]; then STEPS=7; fi
  begin_run
  settle_choices
  if [ "$(id -u)" != 0 ]; then
    FAIL_STATUS=4
    fail 'this is not root' 'run it as root: sudo ./install.sh --uninstall'
  fi
  if ! anything_here; then
    echo 'Skep is not installed here: nothing to do.'
    return 0
  fi
  find_engine || true
  announce_removal
  confirm 'Go on?'
  drain_cell
  remove_agent
  remove_containers
  remove_service
  remove_program
  if [ -n "$PURGE" ]; then
    remove_data
    remove_debian_packages
  fi
  farewell
}

anything_here() {
  for path in "$OPT" "$RELEASES" "$UNIT" "$OPENRC_SCRIPT"; do
    if [ -e "$path" ]; then return 0; fi
  done
  if [ -e "$LAUNCHER" ] && is_our_launcher; then return 0; fi
  if [ -n "$PURGE" ]; then [ -e "$DATA" ] || [ -e "$STATE" ] || [ -e "$(dirname "$CONFIG")" ]; else return 1; fi
}

cluster_id() { sed -n 's/.*"clusterId": *"\([^"]*\)".*/\1/p' "$(data_folder)/cluster.json" 2>/dev/null | head -n 1; }

# This cluster's containers on this host.
our_containers() {
  id=$(cluster_id)
  if [ -n "$ENGINE" ] && [ -n "$id" ]; then "$ENGINE" ps -aq --filter "label=skep.cluster=$id"; fi
}

announce_removal() {
  echo 'This will be removed:'
  echo "  the agent and its etcd, $OPT, $LAUNCHER$([ "$INIT" != systemd ] || printf ', %s' "$UNIT")"
  count=$(our_containers | wc -l)
  if [ "$count" -gt 0 ]; then
    echo "  $count containers of this cluster:"
    "$ENGINE" ps -a --filter "label=skep.cluster=$(cluster_id)" --format '{{.Names}}  {{.Status}}' |
      sed 's/^/    /'
  elif [ -z "$ENGINE" ]; then
    echo '  but no containers: neither Docker nor Podman answers (start it first, to have them removed)'
  fi
  if [ -n "$PURGE" ]; then
    echo "  for good: $(data_folder), $(dirname "$CONFIG"), $(dirname "$LOG")"
  fi
}

# Of a cluster that has other cells: what runs here is replaced there first.
drain_cell() {
  step 'Draining this cell' 12
  cells=$(skep cells -o name 2>/dev/null | wc -l) || cells=0
  if [ -n "$NO_DRAIN" ]; then
    step_ok 'left out'
  elif [ -n "$DRY_RUN" ]; then
    if [ "$cells" -gt 1 ]; then change "drain the cell $(setting name host)" || true; fi
    step_ok
  elif [ "$cells" -gt 1 ] && runs_containers; then
    quietly timeout 900 "$CURRENT/node" "$CURRENT/skep.mjs" --server "$(setting socket "$RUN/skep.sock")" \
      cell drain "$(setting name host)" --yes ||
      fail 'the cell could not be drained' 'make room on other cells, or let its containers end: --no-drain' "$WORK/step.log"
    step_ok
  elif set_as_cell && [ -n "$(our_containers)" ]; then
    fail 'a cell alone cannot drain itself, and containers run here' \
      "on a server: skep cell drain $(setting name host); or let them end: --no-drain"
  else
    step_ok 'the only cell'
  fi
}

remove_agent() {
  step 'Stopping the agent and its etcd' 12
  if change 'stop the agent, then its etcd'; then
    stop_agent
    stop_left_etcd
  fi
  step_ok
}

remove_containers() {
  step 'Removing containers and the demo image' 12
  ids=$(our_containers)
  # shellcheck disable=SC2086 # a list of ids
  if [ -n "$ids" ] && change "remove the containers $(printf '%s' "$ids" | tr '\n' ' ')"; then
    quietly "$ENGINE" rm -f -v $ids ||
      fail 'some containers could not be removed' "remove them: $ENGINE rm -f ..., then run this again" "$WORK/step.log"
  fi
  if [ -n "$(all_made demo-image)" ] && change "remove the image $DEMO_IMAGE"; then remove_demo_image; fi
  step_ok "$(printf '%s' "$ids" | grep -c . || true) containers"
}

remove_service() {
  step 'Removing the command, the service and the group' 12
  if [ -e "$OPENRC_SCRIPT" ] && [ "$INIT" = openrc ] && change "disable and remove $OPENRC_SCRIPT"; then
    disable_service
    rm -f "$OPENRC_SCRIPT" "$OPENRC_SCRIPT.skep-before" "$OPENRC_SCRIPT.skep-new"
  fi
  if [ "$INIT" = systemd ] && [ -e "$UNIT" ] && change "disable and remove $UNIT"; then
    systemctl disable skep.service >/dev/null 2>&1 || true
    rm -f "$UNIT" "$UNIT.skep-before" "$UNIT.skep-new"
    systemctl daemon-reload
    systemctl reset-failed skep.service 2>/dev/null || true
  fi
  if [ -e "$LAUNCHER" ] && is_our_launcher && change "remove $LAUNCHER"; then
    rm -f "$LAUNCHER" "$LAUNCHER.skep-before" "$LAUNCHER.skep-new"
  fi
  if was_made group "$GROUP" && change "remove the group $GROUP"; then
    quietly groupdel "$GROUP" || note "the group $GROUP stays: $(tail -n 1 "$WORK/step.log")"
    forget group "$GROUP"
  fi
  step_ok
}

remove_program() {
  step 'Removing the program' 12
  if change "remove $OPT and $RELEASES"; then
    rm -rf "$OPT" "$RELEASES"
    rm -f "$STATE/started" "$STATE/undo" "$HISTORY"
    # The pid file of a dockerd that we started is needed as long as it runs.
    if [ ! -e "$DOCKERD_PID" ]; then rm -rf "$RUN"; else rm -rf "$RUN"/skep.sock* "$PID_FILE"; fi
  fi
  step_ok
}

remove_data() {
  step 'Removing settings, data and logs' 12
  if change "remove $(data_folder), $(dirname "$CONFIG") and $(dirname "$LOG")"; then
    rm -rf "$(data_folder)" "$DATA"
    rm -rf "$(dirname "$CONFIG")"
    if [ ! -e "$DOCKERD_PID" ]; then rm -rf "$(dirname "$LOG")"; else rm -f "$LOG"; fi
  fi
  step_ok
}

remove_debian_packages() {
  step 'Removing the Debian packages that were installed' 12
  names=$(our_packages)
  kept=
  if [ -n "$names" ] && change "apt-get purge $names"; then
    if printf ' %s' "$names" | grep -q ' docker.io ' && ! engine_is_empty; then
      kept='Docker has containers, volumes or images of somebody else'
    else
      stop_our_dockerd
      # shellcheck disable=SC2086 # a list of names
      remove_packages $names || kept='other packages need some of them, or apt-get failed'
    fi
  fi
  if [ -n "$kept" ]; then
    note "they stay: $kept"
    note "to remove them yourself: apt-get purge $names"
  fi
  step_ok
  if [ -z "$DRY_RUN" ]; then forget_everything; fi
}

# Also what a run that was killed had fetched for its build.
our_packages() {
  for name in $(all_made package) $(all_made build-package); do
    if is_installed "$name"; then printf '%s ' "$name"; fi
  done
}

# Nothing in it but what came with the demo, which is gone by now.
engine_is_empty() {
  docker_answers && [ -z "$(docker ps -aq)$(docker volume ls -q)$(docker image ls -q)" ]
}

# The one that this script started for want of systemd.
stop_our_dockerd() {
  if [ ! -e "$DOCKERD_PID" ]; then return 0; fi
  pid=$(cat "$DOCKERD_PID")
  case $(readlink "/proc/$pid/exe" 2>/dev/null) in */dockerd) end_process "$pid" 30 ;; esac
  rm -rf "$RUN" "$(dirname "$LOG")"
}

dockerd_farewell() {
  if [ ! -e "$DOCKERD_PID" ]; then return 0; fi
  echo "The dockerd that was started here runs on (its log: $DOCKERD_LOG); stop it with: kill \$(cat $DOCKERD_PID)"
}

farewell() {
  if [ -n "$DRY_RUN" ]; then
    echo 'Nothing was changed: this was a dry run.'
    return 0
  fi
  if [ -n "$PURGE" ]; then
    echo 'Skep is gone.'
    dockerd_farewell
    return 0
  fi
  echo "Skep is removed. Kept: $(dirname "$CONFIG"), $(data_folder), $(dirname "$LOG"). Set up again, it goes on with them;"
  echo 'remove them with: ./install.sh --uninstall --purge'
  dockerd_farewell
  names=$(our_packages)
  if [ -n "$names" ]; then
    echo 'Debian packages that were installed for it stay (--purge removes them if nothing else uses them):'
    echo "  $names"
  fi
}
