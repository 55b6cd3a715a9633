# shellcheck shell=sh disable=SC2034,SC2153 # the parts share their variables; install.sh loads them all
# The demo: an image made here, offline, and three instances of it. A failure takes only the demo back.

step_demo_image() {
  step 'The demo image' 11
  if "$ENGINE" image inspect "$DEMO_IMAGE" >/dev/null 2>&1; then
    step_ok "$DEMO_IMAGE is there"
    return 0
  fi
  if ! static_busybox && change 'apt-get install busybox-static'; then
    have apt-get || fail 'there is no static busybox' 'put one on PATH as busybox'
    apt_install package busybox-static
    note 'installed busybox-static'
  fi
  if change "build $DEMO_IMAGE from busybox, with no registry"; then
    made demo-image "$ENGINE"
    DEMO_UNDO=1
    quietly sh "$KIT/packaging/demo-image.sh" "$ENGINE" "$DEMO_IMAGE" ||
      fail 'the demo image could not be built' 'mend what it says, then run this again' "$WORK/step.log"
  fi
  step_ok "$DEMO_IMAGE"
}

# The last one found, as demo-image.sh does. To `command -v` of busybox's own shell it is no file.
static_busybox() {
  box=
  for folder in /bin /usr/bin /usr/local/bin; do
    if [ -x "$folder/busybox" ]; then box=$folder/busybox; fi
  done
  [ -n "$box" ] && ! ldd "$(readlink -f "$box")" >/dev/null 2>&1
}

step_demo_run() {
  step 'Three instances of hello' 11
  if [ -n "$DRY_RUN" ]; then
    if [ ! -x "$CURRENT/node" ] || ! hello_exists; then change 'run hello' || true; fi
    step_ok
    return 0
  fi
  if hello_exists; then
    step_ok 'hello is there'
    return 0
  fi
  change 'run hello'
  DEMO_UNDO=2
  if ! quietly timeout 150 "$CURRENT/node" "$CURRENT/skep.mjs" --server "$(setting socket "$RUN/skep.sock")" \
    run hello "$DEMO_IMAGE" -n 3 -p 8080 -e DEMO_NAME=hello --check http:8080/ -m 32 --timeout 120s; then
    skep why hello >>"$WORK/step.log" 2>&1 || true
    fail 'hello does not run' "mend what it says, then run this again; $LAUNCHER why hello tells more" "$WORK/step.log"
  fi
  DEMO_UNDO=
  step_ok
}

# By its whole name: "skep ps hello" would find hello-world too.
hello_exists() { skep ps -o name 2>/dev/null | grep -qx hello; }

undo_demo() {
  if [ "$DEMO_UNDO" = 2 ]; then skep rm hello --yes >/dev/null 2>&1; fi
  remove_demo_image
  echo '  Undone: the demo is gone again.' >&2
}

remove_demo_image() {
  engine=$(all_made demo-image | tail -n 1)
  if [ -z "$engine" ]; then return 0; fi
  if "$engine" image inspect "$DEMO_IMAGE" >/dev/null 2>&1; then
    quietly "$engine" image rm "$DEMO_IMAGE" || note "the image $DEMO_IMAGE stays: $(tail -n 1 "$WORK/step.log")"
  fi
  forget demo-image "$engine"
}

# The last words: proof, and what to type next.
finish() {
  if [ -n "$DRY_RUN" ]; then
    if [ -n "$CHANGED" ]; then echo 'Nothing was changed: this was a dry run.'; else echo 'Nothing to do.'; fi
    return 0
  fi
  echo
  if [ -n "$DEMO" ]; then
    show "$COMMAND ps"
    show "$COMMAND ps hello"
  else
    show "$COMMAND status"
  fi
  if [ -z "$CHANGED" ]; then
    echo "Nothing to do: $RELEASE was set up already, and nothing was changed."
  else
    echo "Skep $(program_version) is set up."
  fi
  echo
  if [ -n "$DEMO" ]; then next_with_demo; else next_without_demo; fi
}

show() {
  echo "\$ $1"
  # shellcheck disable=SC2086 # words
  skep ${1#"$COMMAND"} || true
  echo
}

next_with_demo() {
  address=$(skep ps hello 2>/dev/null | grep -oE '127\.[0-9.]+:[0-9]+' | head -n 1) || address=
  fetch=curl
  have curl || fetch='busybox wget -qO-'
  echo 'What to type next:'
  if [ -n "$address" ]; then hint "$fetch http://$address/" 'one instance says its name'; fi
  hint "$COMMAND logs -f hello" 'what all of them write'
  hint "$COMMAND scale hello 5" 'two more'
  hint "$COMMAND exec -it hello/0 -- sh" 'a shell in the first'
  hint "$COMMAND rm hello" 'the demo away'
  hint "sudo $CURRENT/install.sh --uninstall" 'everything away (--purge: its data too)'
}

next_without_demo() {
  echo 'What to type next:'
  hint "$COMMAND run web nginx:1.27 -n 3 -p 80" 'three instances of an image'
  hint "$COMMAND --help" 'every command, with examples'
  hint "sudo $CURRENT/install.sh --demo" 'a demo that needs no registry'
  hint "sudo $CURRENT/install.sh --rollback" 'back to the release before'
  hint "sudo $CURRENT/install.sh --uninstall" 'everything away (--purge: its data too)'
}

hint() { printf '  %-42s %s\n' "$1" "$2"; }
