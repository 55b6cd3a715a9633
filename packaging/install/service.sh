# shellcheck shell=sh disable=SC2034,SC2153 # the parts share their variables; install.sh loads them all
# What makes the program part of the host: the group, the settings, the command and, under systemd, the unit.

step_settings() {
  step 'Group and settings' 8
  make_group
  write_settings
  write_token
  firewall_note
  step_ok "$CONFIG"
}

# Members may use the API's socket. Not below another root: groups are the whole machine's.
make_group() {
  if [ -n "$ROOT" ] || grep -q "^$GROUP:" /etc/group; then return 0; fi
  if change "make the group $GROUP, whose members may use the cluster"; then
    made group "$GROUP"
    undo_by group "$GROUP"
    quietly groupadd --system "$GROUP" ||
      fail "the group $GROUP could not be made" "make it: groupadd --system $GROUP" "$WORK/step.log"
    note "members of the group $GROUP may use the cluster: usermod -aG $GROUP NAME"
  fi
}

# Only a file that nobody edited is replaced; beside an edited one the new one is put as .new.
write_settings() {
  settings_text >"$WORK/agent.yaml"
  CONFIG_SUM=$(sum_of "$WORK/agent.yaml")
  installed_sum=$(cat "$STATE/config.sum" 2>/dev/null) || installed_sum=
  if [ ! -e "$CONFIG" ] || [ "$(sum_of "$CONFIG")" = "$installed_sum" ] || same_file "$WORK/agent.yaml" "$CONFIG"; then
    if ! same_file "$WORK/agent.yaml" "$CONFIG"; then
      change "write $CONFIG" || return 0
      put_file "$WORK/agent.yaml" "$CONFIG" 644
    fi
    # What nobody has edited is known by its sum. A run that was killed before this line left the one before.
    printf '%s\n' "$CONFIG_SUM" >"$WORK/config.sum"
    if [ -z "$DRY_RUN" ] && ! same_file "$WORK/config.sum" "$STATE/config.sum"; then
      put_file "$WORK/config.sum" "$STATE/config.sum" 644
    fi
    return 0
  fi
  # What the agent runs with is the operator's text: a new template of ours is no reason to restart it.
  CONFIG_SUM=edited
  if [ "$(sum_of "$WORK/agent.yaml")" = "$installed_sum" ] || same_file "$WORK/agent.yaml" "$CONFIG.new"; then
    return 0
  fi
  change "leave $CONFIG, which was edited, and write $CONFIG.new" || return 0
  put_file "$WORK/agent.yaml" "$CONFIG.new" 644
  note "$CONFIG was edited and stays as it is; the new one is $CONFIG.new"
}

sum_of() { sha256sum <"$1" | cut -c 1-64; }

# The template, with what is not a default here. The name is pinned: a host that is renamed stays the same cell.
settings_text() {
  name=$(uname -n | sed 's/[^a-zA-Z0-9._-]/-/g; s/^[^a-zA-Z0-9]*//' | cut -c 1-60)
  name=${NAME:-$(setting name "${name:-host}")}
  sed "s|^name: .*|name: $name|" "$KIT/packaging/agent.yaml"
  role_settings
  if [ -n "$ROOT" ]; then printf 'dataDir: %s\nsocket: %s\n' "$DATA" "$RUN/skep.sock"; fi
  if [ "$PORT_BASE" != 7400 ]; then
    printf 'ports:\n  api: %s\n  etcdClient: %s\n  etcdPeer: %s\n' "$PORT_BASE" $((PORT_BASE + 1)) $((PORT_BASE + 2))
  fi
  if [ "${ENGINE:-}" = docker ] && [ -n "${DOCKER_HOST:-}" ]; then printf 'dockerHost: %s\n' "$DOCKER_HOST"; fi
  if [ "${ENGINE:-}" = podman ]; then printf 'dockerHost: unix:///run/podman/podman.sock\n'; fi
}

# What the role and its options come to.
role_settings() {
  if [ -n "$JOIN" ]; then printf 'join: [%s]\n' "$JOIN"; fi
  if [ -n "$ADDRESS" ]; then printf 'address: %s\n' "$ADDRESS"; fi
  if ! is_server; then echo 'server: auto'; fi
  if [ -n "$ZONE$LABELS" ] || ! runs_containers; then
    echo 'cell:'
    if ! runs_containers; then echo '  enabled: false'; fi
    if [ -n "$ZONE" ]; then printf '  zone: "%s"\n' "$ZONE"; fi
    if [ -n "$LABELS" ]; then
      echo '  labels:'
      printf '%s\n' "$LABELS" | tr ',' '\n' | sed 's/\([^=]*\)=\(.*\)/    "\1": "\2"/'
    fi
  fi
}

# The token with which the agent joins, for root's eyes.
write_token() {
  if [ ! -s "$WORK/token" ] || same_file "$WORK/token" "$TOKEN"; then return 0; fi
  if change "write $TOKEN"; then put_file "$WORK/token" "$TOKEN" 600; fi
}

step_service() {
  step 'Command and service' 8
  launcher_text >"$WORK/skep"
  if ! same_file "$WORK/skep" "$LAUNCHER" && change "write $LAUNCHER"; then
    put_file "$WORK/skep" "$LAUNCHER" 755
  fi
  UNIT_SUM=none
  if [ "$ROLE" = cli ]; then
    step_ok
    return 0
  fi
  if [ "$INIT" = systemd ]; then
    install_unit "$KIT/packaging/skep.service" "$UNIT" 644
  elif [ "$INIT" = openrc ]; then
    install_unit "$KIT/packaging/skep.openrc" "$OPENRC_SCRIPT" 755
  elif [ -z "$DRY_RUN" ]; then
    note "no systemd: nobody starts the agent again after a reboot; ./install.sh does"
    note "stop it with: kill \$(cat $PID_FILE); its log: $LOG"
  fi
  step_ok
}

# Below another root it also says where the cluster of that root is.
launcher_text() {
  echo '#!/bin/sh'
  echo '# The command skep, from install.sh.'
  if [ -n "$ROOT" ]; then
    # shellcheck disable=SC2016 # for the launcher to expand
    printf 'SKEP_SERVER=${SKEP_SERVER:-%s}\nexport SKEP_SERVER\n' "$RUN/skep.sock"
  fi
  # Node's cache of compiled code, without which every start takes half as long again. It is per user.
  printf 'cache=%s/cache\n' "$CURRENT"
  # shellcheck disable=SC2016 # for the launcher to expand
  echo '[ -w "$cache" ] || cache=${XDG_CACHE_HOME:-${HOME:-/nonexistent}/.cache}/skep'
  # shellcheck disable=SC2016 # for the launcher to expand
  echo 'export NODE_COMPILE_CACHE="$cache"'
  printf 'exec %s/node %s/skep.mjs "$@"\n' "$CURRENT" "$CURRENT"
}

is_our_launcher() { grep -qF '# The command skep, from install.sh.' "$LAUNCHER"; }

# install_unit TEMPLATE PATH MODE
install_unit() {
  sed "s|@CURRENT@|$CURRENT|g; s|@CONFIG@|$CONFIG|g; s|@FLAGS@|$(agent_flags)|g; s|@PID_FILE@|$PID_FILE|g; s|@LOG@|$LOG|g" \
    "$1" >"$WORK/unit"
  UNIT_SUM=$(sum_of "$WORK/unit")
  if ! same_file "$WORK/unit" "$2" && change "write $2"; then
    undo_by unit
    put_file "$WORK/unit" "$2" "$3"
    reload_units
  fi
  if ! service_is_enabled && change 'enable the service skep'; then
    undo_by enabled
    enable_service ||
      fail 'the service skep could not be enabled' 'see why: systemctl enable skep, rc-update add skep' "$WORK/step.log"
  fi
}

service_is_enabled() {
  case $INIT in
    systemd) systemctl is-enabled --quiet skep.service 2>/dev/null ;;
    openrc) [ -e "$ROOT/etc/runlevels/default/skep" ] || ! have rc-update ;;
  esac
}

enable_service() {
  case $INIT in
    systemd) quietly systemctl enable skep.service ;;
    openrc) quietly rc-update add skep default ;;
  esac
}

disable_service() {
  case $INIT in
    systemd) systemctl disable skep.service >/dev/null 2>&1 || true ;;
    openrc) if have rc-update; then rc-update del skep default >/dev/null 2>&1 || true; fi ;;
  esac
}

reload_units() {
  case $INIT in
    systemd) systemctl daemon-reload ;;
    # It looks at the time of a script only, and one that undo brought back is old.
    openrc) if have rc-update; then rc-update -u >/dev/null 2>&1 || true; fi ;;
  esac
}
