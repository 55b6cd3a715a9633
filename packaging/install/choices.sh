# shellcheck shell=sh disable=SC2034,SC2153 # the parts share their variables; install.sh loads them all
# What this host is to be: as told now, or as told the last time, so that a plain second run changes nothing.

CHOICES=$STATE/choices

settle_choices() {
  ROLE=${ROLE:-$(chosen role)}
  JOIN=${JOIN:-$(chosen join)}
  ADDRESS=${ADDRESS:-$(chosen address)}
  ZONE=${ZONE:-$(chosen zone)}
  LABELS=${LABELS:-$(chosen labels)}
  if [ -z "$INIT_GIVEN" ] && [ -n "$(chosen init)" ]; then INIT=$(chosen init); fi
  if [ -z "$ROLE" ]; then
    if [ -n "$JOIN" ]; then ROLE=cell; else ROLE=both; fi
  fi
}

chosen() { if [ -f "$CHOICES" ]; then sed -n "s/^$1$TAB//p" "$CHOICES"; fi; }

choices_text() {
  printf '%s\t%s\n' role "$ROLE" join "$JOIN" address "$ADDRESS" zone "$ZONE" labels "$LABELS" init "$INIT"
}

# remember_choices: for the next run.
remember_choices() {
  choices_text >"$CHOICES.new"
  mv -f "$CHOICES.new" "$CHOICES"
}

is_server() { [ "$ROLE" = both ] || [ "$ROLE" = server ]; }

runs_containers() { [ "$ROLE" = both ] || [ "$ROLE" = cell ]; }

# 1 check, then engine and etcd where they are wanted, the program, settings, command and service, agent, answer.
count_steps() {
  settle_choices
  case $ROLE in
    both) STEPS=8 ;;
    cli) STEPS=4 ;;
    *) STEPS=7 ;;
  esac
  if [ -n "$DEMO" ]; then STEPS=$((STEPS + 2)); fi
}

# The settings are those of a cell; with auto the cluster may make it a server later.
set_as_cell() {
  case $(setting server true) in
    false | auto) return 0 ;;
    *) return 1 ;;
  esac
}

check_choices() {
  if [ "$ROLE" = cell ] && [ -z "$JOIN" ] && ! set_as_cell; then
    problem 'a cell alone needs servers to belong to' 'name one: --join HOST:7400 --token-file FILE, or leave out cell'
  fi
  if [ -n "$TOKEN_FILE" ] && [ "$TOKEN_FILE" != - ] && [ ! -r "$TOKEN_FILE" ]; then
    problem "the token file $TOKEN_FILE cannot be read" 'on a server: skep token create --role cell --print-join'
  fi
  # A check leaves standard input alone.
  if [ -n "$TOKEN_FILE" ] && [ "$MODE$TOKEN_FILE" != check- ]; then read_token; fi
  check_address
  check_join
  case $INIT in
    systemd) [ -d /run/systemd/system ] || problem 'systemd does not run here' 'leave out --init, or: --init none' ;;
    openrc) have rc-service || [ -n "$ROOT" ] || problem 'OpenRC does not run here' 'leave out --init, or: --init none' ;;
  esac
}

# The agent of a server listens on it.
check_address() {
  if [ -z "$ADDRESS" ] || ! is_server; then return 0; fi
  case $ADDRESS in 127.*) return 0 ;; esac
  here=$(awk '/\|-- / { address = $NF } /\/32 host LOCAL/ && address !~ /^127\./ { print address }' /proc/net/fib_trie |
    sort -u | tr '\n' ' ')
  case " $here" in
    *" $ADDRESS "*) ;;
    *) problem "no network interface of this host has the address $ADDRESS" \
      "--advertise-addr wants one of this host's own: ${here:-127.0.0.1}" ;;
  esac
}

# The token, in a file that only root reads: never on a command line.
read_token() {
  (
    umask 077
    if [ "$TOKEN_FILE" = - ]; then
      if [ -t 0 ]; then printf 'Join token: ' >&2; fi
      head -n 1
    else
      head -n 1 "$TOKEN_FILE" 2>/dev/null
    fi | tr -d '[:space:]' >"$WORK/token"
  )
  if ! grep -qE '^SKEP1-[A-Za-z0-9-]+$' "$WORK/token"; then
    problem "what was given as a token is none (they begin with SKEP1-)" \
      'on a server: skep token create --role cell --print-join'
  fi
}

# firewall_note: what to open, where a firewall is at work and other hosts are to reach this one.
firewall_note() {
  case ${ADDRESS:-127.0.0.1} in 127.*) return 0 ;; esac
  first=$(port_setting api 0)
  last=$(port_setting etcdPeer 2)
  if have ufw && ufw status 2>/dev/null | grep -q '^Status: active'; then
    note "ufw is active. Other hosts need: ufw allow $first:$last/tcp"
  elif have firewall-cmd && firewall-cmd --state >/dev/null 2>&1; then
    note "firewalld is active. Other hosts need: firewall-cmd --permanent --add-port=$first-$last/tcp && firewall-cmd --reload"
  elif have nft && nft list ruleset 2>/dev/null | grep -qE 'hook input.*policy drop'; then
    note "nftables drops what comes in. Other hosts need: nft add rule inet filter input tcp dport $first-$last accept"
  fi
}
