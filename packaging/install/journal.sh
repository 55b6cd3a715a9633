# shellcheck shell=sh disable=SC2034,SC2153 # the parts share their variables; install.sh loads them all
# What a run did. Two files in $STATE: `made` says what was put on this machine and by which name, for as long
# as it is there (uninstall reads it); `undo` lives for one run and takes it back when a step fails. Lines are
# written before the deed. A run that was killed is not undone but gone on from: every step is a comparison. When the
# run that goes on fails too, it takes back what both did.

TAB=$(printf '\t')
UNDO=
COMMITTED=
WAS_CUT_SHORT=
BEFORE=
DEMO_UNDO=
WORK=
NEW_FOLDERS=

# One run at a time, held by the kernel on the folder itself: nothing to clean up, however the run ends.
take_lock() {
  exec 9<"${ROOT:-/var/lib}"
  if ! flock -n 9; then
    FAIL_STATUS=3
    fail 'another install.sh is at work on this machine' 'wait until it has ended, then run this one again'
  fi
}

begin_run() {
  take_lock
  make_work_folder
  trap end_run EXIT
  trap 'interrupted 129' HUP
  trap 'interrupted 130' INT
  trap 'interrupted 143' TERM
  # Nobody reads any more what is printed: as when the session that ran this was closed.
  trap 'interrupted 141' PIPE
}

# One name, held by the lock, so that the next run takes away what a killed one left. Without root, which ends
# in the first step, any folder does.
make_work_folder() {
  if [ "$(id -u)" = 0 ]; then
    WORK=${ROOT:-/run}/.skep-install
    rm -rf "$WORK"
    mkdir -m 700 "$WORK"
  else
    WORK=$(mktemp -d "${TMPDIR:-/tmp}/skep-install.XXXXXX")
  fi
}

interrupted() {
  if [ -n "$STEP_OPEN" ]; then echo interrupted; fi
  STEP_OPEN=
  echo "install.sh: interrupted in step $STEP/$STEPS \"$STEP_NAME\"" >&2
  exit "$1"
}

# Opens the undo file: after the checks passed and before the first change.
open_journal() {
  if [ -n "$DRY_RUN" ]; then return 0; fi
  BEFORE=$(current_release)
  go_on_from_cut_short
  make_folder "$STATE" 700
  touch "$STATE/made"
  chmod 600 "$STATE/made"
  # Also when a run that was killed right here had made it.
  for folder in $NEW_FOLDERS "$STATE"; do made folder "$folder"; done
  UNDO=$STATE/undo
  touch "$UNDO"
  if [ ! -s "$UNDO" ] && agent_runs; then undo_by agent-back; fi
  # That run may have ended between any two changes: the agent is started anew.
  if [ -n "$WAS_CUT_SHORT" ]; then set_started_aside; fi
}

# What a run that was killed left: its lines stay, so that a failure of this one takes back both. When what it had
# switched to answers by now, that is what this run begins from.
go_on_from_cut_short() {
  if [ ! -e "$STATE/undo" ]; then return 0; fi
  note 'an earlier run was cut short: going on from what it left'
  # The line is older than the deed: it may be the agent of before that runs and answers.
  if grep -q '^agent-started' "$STATE/undo" && agent_is_of_current && cluster_answers; then
    remember_release "$BEFORE"
    rm -f "$STATE/undo"
  else
    # Data that were used since then are taken away by an operator only (--purge).
    if [ ! -e "$(data_folder)/etcd/never-served" ]; then
      { grep -v '^data' "$STATE/undo" || true; } >"$STATE/undo.new"
      mv -f "$STATE/undo.new" "$STATE/undo"
    fi
    switched_from=$(grep '^point' "$STATE/undo" | head -n 1)
    if [ -n "$switched_from" ]; then BEFORE=${switched_from#*"$TAB"}; fi
  fi
  WAS_CUT_SHORT=1
  CHANGED=1
  finish_packages
}

# What the agent was started with is not known, or not what it is about to be started with.
set_started_aside() {
  if is_kept "$STATE/started" && [ -f "$STATE/started.skep-before" ]; then
    rm -f "$STATE/started"
  elif [ -f "$STATE/started" ]; then
    undo_by restore "$STATE/started"
    mv -f "$STATE/started" "$STATE/started.skep-before"
  fi
}

# One line a release that was in use, the newest last: what --rollback goes back to and what is kept.
HISTORY=$STATE/releases

# remember_release RELEASE: it is the newest now.
remember_release() {
  { grep -vxF "$1" "$HISTORY" 2>/dev/null || true; } >"$HISTORY.new"
  printf '%s\n' "$1" >>"$HISTORY.new"
  mv -f "$HISTORY.new" "$HISTORY"
}

# made KIND NAME: noted once, for uninstall.
made() {
  if [ ! -f "$STATE/made" ] || ! grep -qxF "$1$TAB$2" "$STATE/made"; then
    printf '%s\t%s\n' "$1" "$2" >>"$STATE/made"
  fi
}

was_made() { [ -f "$STATE/made" ] && grep -qxF "$1$TAB$2" "$STATE/made"; }

# all_made KIND: the names, oldest first.
all_made() {
  if [ -f "$STATE/made" ]; then awk -F '\t' -v kind="$1" '$1 == kind { print $2 }' "$STATE/made"; fi
}

forget() {
  awk -F '\t' -v kind="$1" -v name="$2" '!($1 == kind && $2 == name)' "$STATE/made" >"$STATE/made.new"
  mv "$STATE/made.new" "$STATE/made"
}

# undo_by VERB [ARGUMENT]: how to take back what comes next.
undo_by() {
  if [ -n "$UNDO" ]; then printf '%s\t%s\n' "$1" "${2:-}" >>"$UNDO"; fi
}

# make_folder PATH MODE: with its parents, each of which is taken away again when it is empty. What is above the journal
# itself is noted in it by open_journal.
make_folder() {
  missing=
  at=$1
  while [ ! -d "$at" ]; do
    missing="$at $missing"
    at=$(dirname "$at")
  done
  for folder in $missing; do
    undo_by rmdir "$folder"
    if [ -d "$STATE" ]; then made folder "$folder"; else NEW_FOLDERS="$NEW_FOLDERS $folder"; fi
    if [ "$folder" = "$1" ]; then mkdir -m "$2" "$folder"; else mkdir "$folder"; fi
  done
}

# put_file SOURCE PATH MODE: replaces PATH in one step; undo brings the old one back.
put_file() {
  make_folder "$(dirname "$2")" 755
  if [ ! -e "$2" ]; then
    undo_by remove "$2"
  elif ! is_kept "$2"; then
    cp -p "$2" "$2.skep-before"
    undo_by restore "$2"
  fi
  cp "$1" "$2.skep-new"
  chmod "$3" "$2.skep-new"
  mv -f "$2.skep-new" "$2"
}

# is_kept PATH: this run, or one that was cut short, knows how to bring back what was there at first.
is_kept() { [ -n "$UNDO" ] && grep -qxF -e "restore$TAB$1" -e "remove$TAB$1" "$UNDO"; }

same_file() { [ -f "$2" ] && cmp -s "$1" "$2"; }

# From here on a failure takes nothing back: the cluster answers.
commit_run() {
  if [ -z "$UNDO" ]; then return 0; fi
  if [ "$MODE" = install ]; then
    remember_release "$RELEASE"
    remember_choices
  fi
  # The deed: a run that is killed before it is taken back by the next one that fails, and after it is not.
  rm -f "$UNDO"
  UNDO=
  COMMITTED=1
  for file in "$CONFIG" "$CONFIG.new" "$TOKEN" "$LAUNCHER" "$UNIT" "$OPENRC_SCRIPT" "$STATE/started" \
    "$STATE/config.sum"; do
    rm -f "$file.skep-before" "$file.skep-new"
  done
  prune_releases
}

end_run() {
  status=$?
  trap - EXIT
  trap '' HUP INT TERM PIPE
  set +e
  if [ "$status" -ne 0 ] && [ -n "$STEP_OPEN" ]; then unexpected_end "$status"; fi
  if [ "$status" -ne 0 ] && [ -n "$DEMO_UNDO" ]; then undo_demo; fi
  if [ "$status" -ne 0 ] && [ -n "$UNDO" ]; then
    undo_all >&2
  elif [ "$status" -ne 0 ] && [ -n "$COMMITTED" ]; then
    echo '  Skep itself is set up and answers; only the demo is missing.' >&2
  fi
  if [ -n "$WORK" ]; then rm -rf "$WORK"; fi
  exit "$status"
}

# A command failed for which no step has a reason: what it said itself is above.
unexpected_end() {
  echo failed
  STEP_OPEN=
  {
    printf 'install.sh: step %s/%s "%s" failed: a command ended with status %s\n' "$STEP" "$STEPS" "$STEP_NAME" "$1"
    printf '  What to do: see whether the disk is full (df -h %s %s), and what it said above; then run this again\n' \
      "$DATA" "${ROOT:-/}"
  } >&2
}

undo_all() {
  reversed=$(awk '{ line[NR] = $0 } END { for (i = NR; i > 0; i--) print line[i] }' "$UNDO")
  UNDO=
  rm -f "$STATE/undo"
  printf '%s\n' "$reversed" >"$WORK/undo"
  while IFS="$TAB" read -r verb argument; do undo_one "$verb" "$argument" </dev/null; done <"$WORK/undo"
  if [ -L "$CURRENT" ]; then
    echo "  Undone: $(basename "$(readlink "$CURRENT")") is in place as before."
  else
    echo '  Undone: nothing of Skep runs here.'
    if [ -d "$(data_folder)" ]; then echo "  What a run before this one had put into $(data_folder) stays."; fi
    packages=$(our_packages)
    if [ -n "$packages" ]; then
      echo "  Debian packages that were installed stay: $packages"
      echo '  (take them away too: ./install.sh --uninstall --purge)'
    else
      forget_everything
    fi
  fi
}

undo_one() {
  case $1 in
    remove) rm -rf -- "$2" "$2.skep-new" ;;
    rmdir) if [ "$2" != "$STATE" ]; then rmdir -- "$2" 2>/dev/null; fi ;;
    restore)
      rm -f "$2.skep-new"
      if [ -e "$2.skep-before" ]; then mv -f "$2.skep-before" "$2"; fi
      ;;
    point) point_current "$2" ;;
    group) groupdel "$2" 2>/dev/null && forget group "$2" ;;
    data)
      stop_left_etcd
      remove_state "$2"
      rm -f "$LOG"
      ;;
    agent-started)
      if [ -n "$BEFORE" ]; then announce_restart; fi
      stop_agent
      ;;
    agent-back)
      agent_runs || start_agent
      within 10 agent_runs || echo '  The agent could not be started again: run this again once the cause is mended.'
      ;;
    unit) reload_units ;;
    enabled) disable_service ;;
    '') ;;
    *) echo "install.sh: the journal has an unknown line: $1 $2" ;;
  esac
}

# The journal itself and the folders that were made for it, innermost first.
forget_everything() {
  folders=$(all_made folder | awk '{ print length($0) "\t" $0 }' | sort -rn | cut -f 2)
  rm -rf "$STATE"
  for folder in $folders; do rmdir -- "$folder" 2>/dev/null || true; done
}
