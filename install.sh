#!/bin/sh
# Sets up Skep on this machine, from a checkout: what it needs, the program, the agent. See docs/installing.md.
# POSIX sh. Every step checks first and changes only what differs, so that a second run finds nothing to do.
set -eu

HERE=$(cd "$(dirname "$0")" && pwd -P)
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export PATH
umask 022

usage() {
  cat <<'END'
Usage: sudo ./install.sh [--demo] [--check | --dry-run] [--yes]
       sudo ./install.sh --uninstall [--purge] [--dry-run] [--yes]

Sets up Skep on this machine and waits until the cluster answers. What is missing is
installed with apt-get: Docker Engine (unless Docker or Podman answers) and etcd. Skep
itself, with a Node of its own, goes to /opt/skep. A second run changes nothing.

  --demo        also build a small image, offline, and run three instances of it
  --check       look whether Skep can be set up here, and change nothing
  --dry-run     say what would be changed, and change nothing
  --uninstall   stop the cluster and remove the program; keep settings, data and logs
  --purge       with --uninstall: also remove settings, data, logs, and the Debian
                packages that this script installed, unless something else uses them
  --yes         do not ask
  --version     the version that this checkout would install
  --help        this text

Exit status: 0 done, 1 a step failed (and was rolled back), 2 wrong usage,
4 this machine is not fit (nothing was changed), 10 not confirmed.

Example:
  $ sudo ./install.sh --demo
END
}

parse_flags() {
  MODE=install
  DEMO=''
  PURGE=''
  DRY_RUN=''
  YES=''
  while [ $# -gt 0 ]; do
    case $1 in
      --demo) DEMO=1 ;;
      --check) MODE=check ;;
      --uninstall) MODE=uninstall ;;
      --purge) PURGE=1 ;;
      --dry-run) DRY_RUN=1 ;;
      --yes | -y) YES=1 ;;
      --version) MODE=version ;;
      --help | -h) MODE=help ;;
      *) misuse "there is no option '$1'" ;;
    esac
    shift
  done
  if [ -n "$PURGE" ] && [ "$MODE" != uninstall ]; then misuse "--purge goes with --uninstall"; fi
  if [ -n "$DEMO" ] && [ "$MODE" = uninstall ]; then misuse "--demo does not go with --uninstall"; fi
}

misuse() {
  echo "install.sh: $1. See ./install.sh --help" >&2
  exit 2
}

# Where everything is. SKEP_INSTALL_ROOT puts a folder before every path, SKEP_INSTALL_PORT_BASE moves the
# three ports, SKEP_INSTALL_INIT=none ignores systemd (as another root does): so tests run beside a real
# installation.
places() {
  ROOT=${SKEP_INSTALL_ROOT:-}
  PORT_BASE=${SKEP_INSTALL_PORT_BASE:-7400}
  OPT=$ROOT/opt/skep
  CURRENT=$OPT/current
  CONFIG=$ROOT/etc/skep/agent.yaml
  DATA=$ROOT/var/lib/skep
  STATE=$ROOT/var/lib/skep-install
  LOG=$ROOT/var/log/skep/agent.log
  RUN=$ROOT/run/skep
  LAUNCHER=$ROOT/usr/local/bin/skep
  UNIT=$ROOT/etc/systemd/system/skep.service
  GROUP=skep
  COMMAND=skep
  if [ -n "$ROOT" ]; then COMMAND=$LAUNCHER; fi
  DEMO_IMAGE=skep-demo/hello:1
  INIT=${SKEP_INSTALL_INIT:-}
  if [ -z "$INIT" ]; then
    INIT=none
    if [ -z "$ROOT" ] && [ -d /run/systemd/system ]; then INIT=systemd; fi
  fi
  export ROOT PORT_BASE OPT CURRENT CONFIG DATA STATE LOG RUN LAUNCHER UNIT GROUP COMMAND DEMO_IMAGE INIT
  export MODE DEMO PURGE DRY_RUN YES HERE
}

load() {
  for part in say journal check packages engine program agent service demo uninstall; do
    if [ ! -r "$HERE/packaging/install/$part.sh" ]; then
      echo "install.sh: $HERE/packaging/install/$part.sh is missing: run install.sh from a whole checkout" >&2
      exit 1
    fi
    # shellcheck source=/dev/null # checked by itself
    . "$HERE/packaging/install/$part.sh"
  done
}

install_skep() {
  STEPS=8
  if [ -n "$DEMO" ]; then STEPS=10; fi
  export STEPS
  begin_run
  step_check
  step_engine
  step_etcd
  step_program
  step_settings
  step_service
  step_agent
  step_answer
  commit_run
  if [ -n "$DEMO" ]; then
    step_demo_image
    step_demo_run
  fi
  finish
}

main() {
  parse_flags "$@"
  if [ "$MODE" = help ]; then
    usage
    exit 0
  fi
  places
  load
  case $MODE in
    version) program_version ;;
    check) check_only ;;
    uninstall) uninstall_skep ;;
    install) install_skep ;;
  esac
  exit 0
}

main "$@"
