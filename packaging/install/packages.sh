# shellcheck shell=sh disable=SC2034,SC2153 # the parts share their variables; install.sh loads them all
# Debian packages: installed with apt-get only when something is missing, noted so that uninstall knows them.

# apt_install NAME...: what else came along is noted too. Fails the step when apt-get does.
apt_install() {
  snapshot_packages
  if ! apt_get install "$@" && ! retry_install "$@"; then
    fail "apt-get could not install $*" \
      "see that 'apt-get install $*' works here (network, /etc/apt/sources.list), then run this again" "$WORK/apt.log"
  fi
  note_packages
}

retry_install() {
  if grep -q 'dpkg was interrupted' "$WORK/apt.log"; then
    DEBIAN_FRONTEND=noninteractive dpkg --configure -a >"$WORK/apt.log" 2>&1 </dev/null 9>&- || return 1
  fi
  apt_get update && apt_get install "$@"
}

apt_get() {
  DEBIAN_FRONTEND=noninteractive NEEDRESTART_MODE=l apt-get -q -y --no-install-recommends \
    -o DPkg::Lock::Timeout=120 -o Dpkg::Options::=--force-confold "$@" >"$WORK/apt.log" 2>&1 </dev/null 9>&-
}

installed_packages() {
  # shellcheck disable=SC2016 # a format of dpkg-query's
  dpkg-query -W -f '${db:Status-Status} ${Package}\n' | awk '$1 == "installed" { print $2 }' | sort -u
}

# On disk, because a run that is killed during apt-get must still be able to tell what it brought.
snapshot_packages() {
  if [ ! -e "$STATE/packages-before" ]; then
    installed_packages >"$WORK/packages"
    mv "$WORK/packages" "$STATE/packages-before"
  fi
}

# note_packages: what is installed now and was not before is ours.
note_packages() {
  if [ ! -e "$STATE/packages-before" ]; then return 0; fi
  installed_packages >"$WORK/packages"
  awk 'NR == FNR { before[$1] = 1; next } !($1 in before)' "$STATE/packages-before" "$WORK/packages" >"$WORK/new-packages"
  while read -r package; do made package "$package"; done <"$WORK/new-packages"
  rm -f "$STATE/packages-before"
}

# remove_packages VERB NAME...: only if nothing else goes with them; true when they are gone.
remove_packages() {
  verb=$1
  shift
  apt_get "$verb" -s "$@" || return 1
  # shellcheck disable=SC2013 # words
  for gone in $(awk '$1 == "Remv" || $1 == "Purg" { print $2 }' "$WORK/apt.log"); do
    case " $* " in
      *" ${gone%%:*} "*) ;;
      *) return 1 ;;
    esac
  done
  apt_get "$verb" "$@"
}
