# shellcheck shell=sh disable=SC2034,SC2153 # the parts share their variables; install.sh loads them all
# Whether the server that this host is to join can be joined, looked at before anything is changed: it answers, with
# TLS 1.3, it is of the cluster that the token is for, and its certificate is valid by the clock of this host. The same
# questions as src/base/node/pinned-authority.ts, with OpenSSL, since no program is here yet. Nothing secret is sent.

# check_join: a host that has its certificate joined long ago.
check_join() {
  if [ -z "$JOIN" ] || [ -f "$(data_folder)/pki/host.json" ]; then return 0; fi
  if [ -z "$TOKEN_FILE" ] && [ ! -f "$TOKEN" ] && [ -z "$(setting tokenFile '')" ]; then
    problem "to join $JOIN this host needs a token" \
      "on a server: skep token create --role $(join_role) --print-join; then --token-file FILE"
  fi
  if ! have openssl; then
    note "whether $JOIN can be joined was not looked at: there is no openssl"
    return 0
  fi
  ask_server
}

join_role() { if is_server; then echo server; else echo cell; fi; }

ask_server() {
  ask_status=0
  timeout 10 openssl s_client -connect "$JOIN" -tls1_3 -showcerts </dev/null >"$WORK/join" 2>"$WORK/join.said" 9>&- ||
    ask_status=$?
  if ! grep -q '^-----BEGIN CERTIFICATE-----' "$WORK/join"; then
    problem "$(why_no_answer "$ask_status")" \
      "name the API of a server that runs (skep status there), and see that no firewall is in between"
    return 0
  fi
  rm -f "$WORK"/join-*.pem
  awk -v folder="$WORK" '/^-----BEGIN CERTIFICATE-----/ { file = folder "/join-" ++count ".pem" }
    file { print >file } /^-----END CERTIFICATE-----/ { close(file); file = "" }' "$WORK/join"
  check_server_is_ours
  check_clock_of_server
}

# why_no_answer STATUS: in OpenSSL's words, shortened.
why_no_answer() {
  if grep -q '^CONNECTED' "$WORK/join"; then
    echo "what answers at $JOIN does not speak TLS 1.3: it is no server of Skep"
  elif [ "$1" = 124 ]; then
    echo "nothing answers at $JOIN within 10 s"
  else
    reason=$(grep -oE 'Connection refused|No route to host|Network is unreachable|Connection timed out|Name or service not known|Temporary failure in name resolution|No address associated with hostname' "$WORK/join.said" | head -n 1)
    echo "nothing answers at $JOIN: ${reason:-the connection failed}"
  fi
}

# The token begins with the SHA-256 of the cluster's authority, in base32.
check_server_is_ours() {
  token_file=$WORK/token
  if [ ! -s "$token_file" ]; then token_file=$TOKEN; fi
  if [ ! -s "$token_file" ] || ! have base32; then return 0; fi
  pin=$(sed -n 's/^SKEP1-\([a-z2-7]\{52\}\)-.*/\1/p' "$token_file" | tr '[:lower:]' '[:upper:]')
  if [ -z "$pin" ]; then
    problem 'the token is not whole' "copy it again, or make another: skep token create --role $(join_role)"
    return 0
  fi
  pin=$(printf '%s====' "$pin" | base32 -d 2>/dev/null | od -An -v -tx1 | tr -d ' \n')
  for certificate in "$WORK"/join-*.pem; do
    if [ "$(openssl x509 -in "$certificate" -outform DER 2>/dev/null | sha256sum | cut -c 1-64)" = "$pin" ]; then return 0; fi
  done
  problem "what answers at $JOIN is not of the cluster that the token is for" \
    'compare the address with that of the server which made the token; if it is right, somebody sits in between: the token was not sent'
}

check_clock_of_server() {
  valid_from=$(openssl x509 -in "$WORK/join-1.pem" -noout -startdate 2>/dev/null | sed 's/^notBefore=//')
  valid_from_s=$(date -d "$valid_from" +%s 2>/dev/null) || return 0
  if [ "$(date +%s)" -lt "$valid_from_s" ]; then
    problem "the clock of this host is slow: it says $(date -u '+%F %T') UTC, and the certificate of $JOIN is valid from $valid_from" \
      'set the clock, here or there: timedatectl set-ntp true'
  elif ! openssl x509 -in "$WORK/join-1.pem" -noout -checkend 0 >/dev/null 2>&1; then
    problem "by the clock of this host ($(date -u '+%F %T') UTC) the certificate of $JOIN has expired" \
      'set the clock (timedatectl set-ntp true), or look at the server: skep cert ls there'
  fi
}
