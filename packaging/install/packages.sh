# shellcheck shell=sh disable=SC2034,SC2153 # the parts share their variables; install.sh loads them all
# Debian packages: installed with apt-get only when something is missing, and noted by name beforehand, so that
# uninstall knows them however this run ends.

# apt_install KIND NAME...: KIND is `package`, or `build-package` for what goes again after the build. Fails the
# step when apt-get does.
apt_install() {
  kind=$1
  shift
  plan_install "$kind" "$@" || { apt_get update && plan_install "$kind" "$@"; } || apt_failed "$@"
  apt_get install "$@" || retry_install "$@" || {
    forget_absent "$kind"
    apt_failed "$@"
  }
}

apt_failed() {
  fail "apt-get could not install $*" \
    "see that 'apt-get install $*' works here (network, /etc/apt/sources.list), then run this again" "$WORK/apt.log"
}

# Notes what will be new. A line of an upgrade has the old version, in brackets, as its third word.
plan_install() {
  plan_kind=$1
  shift
  apt_get install -s "$@" || return 1
  awk '$1 == "Inst" && $3 !~ /^\[/ { print $2 }' "$WORK/apt.log" >"$WORK/new-packages"
  while read -r package; do made "$plan_kind" "$package"; done <"$WORK/new-packages"
}

retry_install() {
  if grep -q 'dpkg was interrupted' "$WORK/apt.log"; then finish_packages; fi
  apt_get update && apt_get install "$@"
}

# What a run that was killed had unpacked is not set up yet. Who installs packages right now is waited for.
finish_packages() {
  if ! have dpkg; then return 0; fi
  within 120 packages_settled || true
  if ! packages_whole; then
    fail 'packages that were being installed cannot be set up' "see why: dpkg --configure -a" "$WORK/apt.log"
  fi
}

packages_whole() { [ -z "$(dpkg --audit 2>&1)" ]; }

# packages_settled: all are set up, or one cannot be; false while somebody else is at it.
packages_settled() {
  packages_whole ||
    LC_ALL=C DEBIAN_FRONTEND=noninteractive dpkg --configure -a >"$WORK/apt.log" 2>&1 </dev/null 9>&- ||
    ! grep -q 'locked by another process' "$WORK/apt.log"
}

apt_get() {
  apt_status=0
  DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l apt-get -q -y --no-install-recommends \
    -o DPkg::Lock::Timeout=120 -o Dpkg::Options::=--force-confold "$@" >"$WORK/apt.log" 2>&1 </dev/null 9>&- ||
    apt_status=$?
  show_output "$WORK/apt.log"
  return "$apt_status"
}

is_installed() {
  # shellcheck disable=SC2016 # a format of dpkg-query's
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# forget_absent KIND: what was noted and did not come.
forget_absent() {
  for name in $(all_made "$1"); do is_installed "$name" || forget "$1" "$name"; done
}

# remove_packages NAME...: only if nothing else goes with them; true when they are gone.
remove_packages() {
  apt_get purge -s "$@" || return 1
  # shellcheck disable=SC2013 # words
  for gone in $(awk '$1 == "Remv" || $1 == "Purg" { print $2 }' "$WORK/apt.log"); do
    case " $* " in
      *" ${gone%%:*} "*) ;;
      *) return 1 ;;
    esac
  done
  apt_get purge "$@"
}
