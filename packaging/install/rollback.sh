# shellcheck shell=sh disable=SC2034,SC2153 # the parts share their variables; install.sh loads them all
# Back to the release that ran before: the link is switched, the agent restarted and asked, and when that fails it
# is all as before. Settings, data and unit stay.

rollback_skep() {
  begin_run
  settle_choices
  STEPS=3
  if [ "$ROLE" = cli ]; then STEPS=2; fi
  step 'Looking for the release before' 4
  if [ "$(id -u)" != 0 ]; then fail 'this is not root' 'run it as root'; fi
  now=$(current_release)
  RELEASE=$(release_before "$now")
  if [ -z "$RELEASE" ]; then
    fail "there is no release before ${now:-this: Skep is not set up here}" \
      "set one up: install.sh --from-file FILE. There are: $(cd "$RELEASES" 2>/dev/null && echo *)"
  fi
  RELEASE_PATH=$RELEASES/$RELEASE
  release_works "$RELEASE_PATH" || fail "$RELEASE does not run" 'set up another one: install.sh --from-file FILE' "$WORK/step.log"
  # Settings and unit are not touched: what the agent runs with is what it ran with.
  CONFIG_SUM=$(cut -d ' ' -f 2 "$STATE/started" 2>/dev/null) || CONFIG_SUM=
  UNIT_SUM=$(cut -d ' ' -f 3 "$STATE/started" 2>/dev/null) || UNIT_SUM=
  open_journal
  step_ok "$RELEASE"
  step_agent
  step_answer
  if [ -n "$DRY_RUN" ]; then
    echo 'Nothing was changed: this was a dry run.'
    return 0
  fi
  commit_run
  forget_release "$now"
  echo "Back at $RELEASE. $now stays in $RELEASES until the next upgrade."
}

# release_before RELEASE: the newest one in the history that is still there, other than that.
release_before() {
  if [ ! -f "$HISTORY" ]; then return 0; fi
  { grep -vxF "$1" "$HISTORY" || true; } | while read -r name; do
    if [ -d "$RELEASES/$name" ]; then printf '%s\n' "$name"; fi
  done | tail -n 1
}

# forget_release RELEASE: a second rollback goes further back, and not here again.
forget_release() {
  { grep -vxF "$1" "$HISTORY" || true; } >"$HISTORY.new"
  mv -f "$HISTORY.new" "$HISTORY"
}
