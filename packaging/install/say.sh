# shellcheck shell=sh disable=SC2034,SC2153 # the parts share their variables; install.sh loads them all
# What install.sh shows: one line a step, its notes below, and for a failure the step, the reason, the remedy.

STEP=0
STEP_NAME=
STEP_OPEN=
NOTES=
CHANGED=

# open_log WORDS: what follows is also written, with times, where --log says; --quiet leaves only errors.
open_log() {
  if [ -n "$LOG_FILE" ] && ! printf '%s install.sh %s\n' "$(date '+%F %T')" "$1" >>"$LOG_FILE"; then
    misuse "--log: $LOG_FILE cannot be written"
  fi
  if [ -n "$QUIET" ] && [ "$MODE" != version ]; then exec >/dev/null; fi
}

# logged TEXT: into the log only.
logged() {
  if [ -n "$LOG_FILE" ]; then printf '%s %s\n' "$(date '+%F %T')" "$1" >>"$LOG_FILE" || true; fi
}

# show_output FILE: what a command printed, for --verbose and the log.
show_output() {
  if [ ! -s "$1" ]; then return 0; fi
  if [ -n "$VERBOSE" ]; then
    echo
    sed 's/^/    | /' "$1"
  fi
  if [ -n "$LOG_FILE" ]; then sed 's/^/    | /' "$1" >>"$LOG_FILE" || true; fi
}

# step NAME [STATUS]: opens the line of the next step; when it fails the run ends with that exit status.
step() {
  STEP=$((STEP + 1))
  STEP_NAME=$1
  FAIL_STATUS=${2:-1}
  logged "step $STEP/$STEPS $1"
  STEP_OPEN=1
  STEP_STARTED=$(date +%s)
  NOTES=
  printf '==> %s/%s %s... ' "$STEP" "$STEPS" "$1"
}

# step_ok [DETAIL]: closes the line, then shows the notes.
step_ok() {
  STEP_OPEN=
  took=$(($(date +%s) - STEP_STARTED))
  line=ok
  if [ -n "$DRY_RUN" ] && [ -n "$NOTES" ]; then line=plan; fi
  if [ "$took" -ge 1 ]; then line="$line $took s"; fi
  printf '%s%s\n' "$line" "${1:+ ($1)}"
  printf '%s' "$NOTES"
  logged "  $line${1:+ ($1)}"
}

# note TEXT: a line below the step.
note() {
  logged "  $1"
  NOTES="$NOTES    $1
"
  if [ -z "$STEP_OPEN" ]; then printf '    %s\n' "$1"; fi
}

# change TEXT: true when the change is to be made; with --dry-run it is only told.
change() {
  CHANGED=1
  if [ -z "$DRY_RUN" ]; then return 0; fi
  note "would $1"
  return 1
}

# fail REASON REMEDY [LOG]: ends the run; what this run did is undone on the way out (journal.sh).
fail() {
  if [ -n "$STEP_OPEN" ]; then echo failed; fi
  STEP_OPEN=
  logged "  failed: $1"
  {
    if [ -n "$STEP_NAME" ]; then
      printf 'install.sh: step %s/%s "%s" failed: %s\n' "$STEP" "$STEPS" "$STEP_NAME" "$1"
    else
      printf 'install.sh: %s\n' "$1"
    fi
    if [ -n "${3:-}" ] && [ -s "$3" ]; then
      echo '  The last lines it said:'
      tail -n 20 "$3" | sed 's/^/    /'
    fi
    printf '  What to do: %s\n' "$2"
    if [ -n "$LOG_FILE" ]; then printf '  Everything that was done: %s\n' "$LOG_FILE"; fi
  } >&2
  exit "${FAIL_STATUS:-1}"
}

# quietly COMMAND...: its output goes to $WORK/step.log, for fail to show.
quietly() {
  quiet_status=0
  "$@" >"$WORK/step.log" 2>&1 </dev/null 9>&- || quiet_status=$?
  show_output "$WORK/step.log"
  return "$quiet_status"
}

# within SECONDS COMMAND...: tries it five times a second until it succeeds; fails at the deadline.
within() {
  within_until=$(($(date +%s) + $1))
  shift
  until "$@"; do
    if [ "$(date +%s)" -ge "$within_until" ]; then return 1; fi
    sleep 0.2
  done
}

have() { command -v "$1" >/dev/null 2>&1; }

# confirm QUESTION: asks at a terminal; elsewhere --yes must have been given.
confirm() {
  if [ -n "$YES" ] || [ -n "$DRY_RUN" ]; then return 0; fi
  if [ ! -t 0 ]; then
    echo "install.sh: there is no terminal to ask at. To go on without a question: --yes" >&2
    exit 10
  fi
  printf '%s [y/N] ' "$1" >&2
  read -r answer || answer=
  case $answer in
    y | Y | yes) ;;
    *)
      echo 'Nothing was changed.'
      exit 10
      ;;
  esac
}
