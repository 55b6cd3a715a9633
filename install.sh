#!/bin/sh
# Sets up Skep on this machine: what it needs, the program, the agent. See docs/installing.md. From a checkout it
# builds the program; a release file (npm run release) is this script and the program in one.
# POSIX sh. Every step checks first and changes only what differs, so that a second run finds nothing to do.
# shellcheck disable=SC2034 # what is set here is for the parts in packaging/install
set -eu

HERE=$(cd "$(dirname "$0")" && pwd -P)
SELF=$HERE/$(basename "$0")
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export PATH
umask 022

# The public key whose signature a release file must bear: base64 of its DER. scripts/install-script.ts fills it in.
PINNED_KEY=''

usage() {
  cat <<'END'
Usage: sudo ./install.sh [both | server | cell | cli] [OPTIONS]
       sudo ./install.sh --rollback | --uninstall [--purge] [OPTIONS]

Sets up Skep on this machine and waits until the cluster answers. A second run changes
nothing; with another version it upgrades, and goes back by itself when that fails.
Containers run on meanwhile.

What this host is to be (kept for the next run):
  both                  a server of the cluster and a cell that runs containers (default)
  server | cell         only one of them. Default is cell when --join is given
  cli                   the command skep alone, for another host's cluster
  --role ROLE           the same as naming it
  --join HOST:PORT      join the cluster of this server, with a token of it:
  --token-file FILE     the file that holds the token
  --token -             the token comes on standard input
  --advertise-addr IP   the address at which other hosts reach this one
  --name NAME           this host's name in the cluster (default: its host name)
  --zone ZONE           what this host fails together with, for example a rack
  --labels K=V,...      labels of the cell
  --init NAME           systemd, openrc or none (default: what runs here)

Where Skep comes from (default: this file or checkout):
  --from-file FILE      a release file; no network is needed
  --offline DIR         the newest release file for this processor in DIR
  --release-key FILE    PEM of the public key that must have signed it
  --allow-unsigned      take a release file that nobody signed

  --install-docker      install Docker from the distribution when no engine answers
  --demo                also build a small image, offline, and run three instances of
                        it; brings Docker when it is missing
  --check               look whether Skep can be set up here, and change nothing
  --dry-run             say what would be changed, and change nothing
  --rollback            back to the release that ran before
  --uninstall           drain the cell, stop the agent, remove the program; keep
                        settings, data and logs
  --purge               with --uninstall: also remove settings, data, logs, and the
                        packages that this script installed, unless something else
                        uses them
  --no-drain            with --uninstall: do not drain; containers end with the cell
  --yes                 do not ask
  --quiet               only errors          --verbose   also what commands print
  --log FILE            write everything, with times, to the end of FILE
  --version             the version that this would install
  --help                this text

Each option has a twin in the environment, SKEP_INSTALL_ and its name, such as
SKEP_INSTALL_FROM_FILE=skep.run or SKEP_INSTALL_YES=1; the option wins.

Exit status: 0 done, 1 other failure, 2 wrong usage, 3 another run is at work, 4 this
machine is not fit, 5 the release file was refused, 6 Docker or etcd, 7 the program, 8
settings or service, 9 the agent did not come up, 10 not confirmed, 11 the demo, 12 the
removal. With 2 to 5 and 10 nothing was changed; with 6 to 9 it was rolled back.

Examples:
  $ sudo ./install.sh --demo
  $ sudo sh skep-0.1.0-linux-x64.run cell --join 10.0.0.11:7400 --token-file token
END
}

# from_environment: the twins of the options.
from_environment() {
  MODE=install
  ROLE=${SKEP_INSTALL_ROLE:-}
  JOIN=${SKEP_INSTALL_JOIN:-}
  TOKEN_FILE=${SKEP_INSTALL_TOKEN_FILE:-}
  ADDRESS=${SKEP_INSTALL_ADVERTISE_ADDR:-}
  NAME=${SKEP_INSTALL_NAME:-}
  ZONE=${SKEP_INSTALL_ZONE:-}
  LABELS=${SKEP_INSTALL_LABELS:-}
  INIT=${SKEP_INSTALL_INIT:-}
  FROM_FILE=${SKEP_INSTALL_FROM_FILE:-}
  OFFLINE=${SKEP_INSTALL_OFFLINE:-}
  RELEASE_KEY=${SKEP_INSTALL_RELEASE_KEY:-}
  ALLOW_UNSIGNED=${SKEP_INSTALL_ALLOW_UNSIGNED:-}
  INSTALL_DOCKER=${SKEP_INSTALL_INSTALL_DOCKER:-}
  DEMO=${SKEP_INSTALL_DEMO:-}
  DRY_RUN=${SKEP_INSTALL_DRY_RUN:-}
  PURGE=''
  NO_DRAIN=${SKEP_INSTALL_NO_DRAIN:-}
  YES=${SKEP_INSTALL_YES:-}
  QUIET=${SKEP_INSTALL_QUIET:-}
  VERBOSE=${SKEP_INSTALL_VERBOSE:-}
  LOG_FILE=${SKEP_INSTALL_LOG:-}
}

parse_flags() {
  from_environment
  while [ $# -gt 0 ]; do
    case $1 in
      both | server | cell | cli) value_flag --role "$1" ;;
      --role | --join | --token-file | --token | --advertise-addr | --name | --zone | --labels | --init | --from-file | \
        --offline | --release-key | --log)
        if [ $# -lt 2 ]; then misuse "$1 wants a value"; fi
        value_flag "$1" "$2"
        shift
        ;;
      --role=* | --join=* | --token-file=* | --token=* | --advertise-addr=* | --name=* | --zone=* | --labels=* | --init=* | \
        --from-file=* | --offline=* | --release-key=* | --log=*)
        value_flag "${1%%=*}" "${1#*=}"
        ;;
      *) plain_flag "$1" ;;
    esac
    shift
  done
  check_usage
}

value_flag() {
  if [ -z "$2" ]; then misuse "$1 wants a value"; fi
  case $1 in
    --role) ROLE=$2 ;;
    --join) JOIN=$2 ;;
    --token-file) TOKEN_FILE=$2 ;;
    --token)
      if [ "$2" != - ]; then misuse "a token on the command line is seen by everybody here: use --token-file, or --token -"; fi
      TOKEN_FILE=-
      ;;
    --advertise-addr) ADDRESS=$2 ;;
    --name) NAME=$2 ;;
    --zone) ZONE=$2 ;;
    --labels) LABELS=$2 ;;
    --init) INIT=$2 ;;
    --from-file) FROM_FILE=$2 ;;
    --offline) OFFLINE=$2 ;;
    --release-key) RELEASE_KEY=$2 ;;
    --log) LOG_FILE=$2 ;;
  esac
}

plain_flag() {
  case $1 in
    --allow-unsigned) ALLOW_UNSIGNED=1 ;;
    --install-docker) INSTALL_DOCKER=1 ;;
    --demo) DEMO=1 ;;
    --check) MODE=check ;;
    --rollback) MODE=rollback ;;
    --uninstall) MODE=uninstall ;;
    --purge) PURGE=1 ;;
    --no-drain) NO_DRAIN=1 ;;
    --dry-run) DRY_RUN=1 ;;
    --yes | -y) YES=1 ;;
    --quiet | -q) QUIET=1 ;;
    --verbose | -v) VERBOSE=1 ;;
    --version) MODE=version ;;
    --help | -h) MODE=help ;;
    *) misuse "there is no option '$1'" ;;
  esac
}

check_usage() {
  case $ROLE in '' | both | server | cell | cli) ;; *) misuse "there is no role '$ROLE'" ;; esac
  case $INIT in '' | systemd | openrc | none) ;; *) misuse "--init is systemd, openrc or none, not '$INIT'" ;; esac
  if [ -n "$PURGE" ] && [ "$MODE" != uninstall ]; then misuse "--purge goes with --uninstall"; fi
  if [ -n "$DEMO" ] && [ "$MODE" = uninstall ]; then misuse "--demo does not go with --uninstall"; fi
  if [ -n "$FROM_FILE" ] && [ -n "$OFFLINE" ]; then misuse "--from-file and --offline exclude each other"; fi
  if [ -n "$QUIET" ] && [ -n "$VERBOSE" ]; then misuse "--quiet and --verbose exclude each other"; fi
  if [ "$ROLE" = cli ] && [ -n "$DEMO$JOIN" ]; then misuse "the role cli has no agent: neither --demo nor --join"; fi
  if [ "$ROLE" = server ] && [ -n "$DEMO" ]; then misuse "--demo needs a cell, and the role is server"; fi
  if [ -n "$JOIN" ] && ! printf '%s' "$JOIN" | grep -qE '^[A-Za-z0-9][A-Za-z0-9.-]*:[0-9]{1,5}$'; then
    misuse "--join wants HOST:PORT, such as 10.0.0.11:7400"
  fi
  if [ -n "$TOKEN_FILE" ] && [ -z "$JOIN" ]; then misuse "a token goes with --join HOST:PORT"; fi
  if [ -n "$ADDRESS" ] && ! is_ipv4 "$ADDRESS"; then
    misuse "--advertise-addr wants an IPv4 address, such as 10.0.0.11"
  fi
  if [ -n "$NAME" ] && ! printf '%s' "$NAME" | grep -qE '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$'; then
    misuse "--name wants letters, digits, dots, dashes"
  fi
  if [ -n "$ZONE" ] && ! printf '%s' "$ZONE" | grep -qE '^[A-Za-z0-9._-]{1,128}$'; then
    misuse "--zone wants letters, digits, dots, dashes"
  fi
  if [ -n "$LABELS" ] && ! printf '%s' "$LABELS" | grep -qE '^[A-Za-z0-9._/-]+=[A-Za-z0-9._-]*(,[A-Za-z0-9._/-]+=[A-Za-z0-9._-]*)*$'; then
    misuse "--labels wants NAME=VALUE,NAME=VALUE"
  fi
}

is_ipv4() {
  printf '%s' "$1" | grep -qE '^((25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])\.){3}(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])$'
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
  DATA=$ROOT/var/lib/skep
  RELEASES=$DATA/releases
  CONFIG=$ROOT/etc/skep/agent.yaml
  TOKEN=$ROOT/etc/skep/join-token
  STATE=$ROOT/var/lib/skep-install
  LOG=$ROOT/var/log/skep/agent.log
  RUN=$ROOT/run/skep
  LAUNCHER=$ROOT/usr/local/bin/skep
  UNIT=$ROOT/etc/systemd/system/skep.service
  OPENRC_SCRIPT=$ROOT/etc/init.d/skep
  GROUP=skep
  COMMAND=skep
  if [ -n "$ROOT" ]; then COMMAND=$LAUNCHER; fi
  # Images are the whole machine's: below another root it is one of its own.
  DEMO_IMAGE=skep-demo/hello:1
  if [ -n "$ROOT" ]; then DEMO_IMAGE=skep-demo/hello:$PORT_BASE; fi
  KIT=$HERE
  INIT_GIVEN=$INIT
  if [ -z "$INIT" ]; then
    INIT=none
    if [ -z "$ROOT" ] && [ -d /run/systemd/system ]; then INIT=systemd; fi
    if [ -z "$ROOT" ] && [ -d /run/openrc ]; then INIT=openrc; fi
  fi
  if [ -n "$DEMO" ]; then INSTALL_DOCKER=1; fi
}

load() {
  # parts: begin (a built install.sh has them here)
  for part in say journal check release packages engine choices join program agent service demo rollback uninstall; do
    if [ ! -r "$HERE/packaging/install/$part.sh" ]; then
      echo "install.sh: $HERE/packaging/install/$part.sh is missing: run install.sh from a whole checkout" >&2
      exit 1
    fi
    # shellcheck source=/dev/null # checked by itself
    . "$HERE/packaging/install/$part.sh"
  done
  # parts: end
}

install_skep() {
  begin_run
  count_steps
  step_check
  if runs_containers; then step_engine; fi
  if is_server; then step_etcd; fi
  step_program
  if [ "$ROLE" != cli ]; then step_settings; fi
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
  open_log "$*"
  case $MODE in
    version) program_version ;;
    check) check_only ;;
    rollback) rollback_skep ;;
    uninstall) uninstall_skep ;;
    install) install_skep ;;
  esac
  exit 0
}

main "$@"
