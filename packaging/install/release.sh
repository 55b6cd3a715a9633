# shellcheck shell=sh disable=SC2034,SC2153 # the parts share their variables; install.sh loads them all
# A release file: this script, and behind it the program as a compressed archive. Lines at its beginning say what it
# is, how long the archive is and its sum, and bear a signature; nothing in it is unpacked before both are right.
# Made by scripts/release.ts.

FILE=
HEADER=

# find_release_file: $FILE is what was asked for: a file, the newest in a folder, this very script, or nothing.
find_release_file() {
  if [ -n "$FROM_FILE" ]; then
    FILE=$FROM_FILE
  elif [ -n "$OFFLINE" ]; then
    FILE=$(newest_release "$OFFLINE")
    if [ -z "$FILE" ]; then
      refused "there is no release file for linux-$(our_arch) in $OFFLINE" \
        "put skep-VERSION-linux-$(our_arch).run there: npm run release -- --arch $(our_arch)"
      return 0
    fi
  elif is_release_file "$SELF"; then
    FILE=$SELF
  else
    return 0
  fi
  if [ ! -r "$FILE" ] || [ -d "$FILE" ]; then
    refused "$FILE cannot be read" 'name a release file: skep-VERSION-linux-ARCH.run'
    FILE=
  elif ! is_release_file "$FILE"; then
    refused "$FILE is no release file" 'name one that npm run release made: skep-VERSION-linux-ARCH.run'
    FILE=
  else
    HEADER=$(header_of "$FILE")
  fi
}

# refused WHAT REMEDY: a problem of the release file: it has an exit status of its own.
refused() {
  CHECK_STATUS=5
  problem "$1" "$2"
}

# The signed lines and the signature: the second to the eleventh.
header_of() { head -n 11 "$1" | sed -n '2,11p'; }

is_release_file() {
  [ "$(head -c 200 "$1" 2>/dev/null | LC_ALL=C tr -d '\000' | sed -n '2s/^#skep-release [0-9]*$/yes/p')" = yes ]
}

header() { printf '%s\n' "$HEADER" | sed -n "s/^#$1 //p" | head -n 1; }

our_arch() {
  case $(uname -m) in
    x86_64) echo x64 ;;
    aarch64) echo arm64 ;;
    *) uname -m ;;
  esac
}

newest_release() {
  for candidate in "$1"/skep-*-linux-"$(our_arch)".run; do
    if [ -f "$candidate" ]; then printf '%s\n' "$candidate"; fi
  done | sort -V | tail -n 1
}

# Whether the file is whole, ours, and for this machine.
check_release() {
  find_release_file
  if [ -z "$FILE" ]; then return 0; fi
  if [ "$(header skep-release)" != 1 ]; then
    refused "$FILE has format $(header skep-release), and this script knows 1" "run the file itself: sh $FILE"
    return 0
  fi
  if ! printf '%s %s' "$(header release)" "$(header payload-bytes)" | grep -qE '^[0-9][0-9A-Za-z.+-]* [0-9]+$'; then
    refused "the first lines of $FILE are damaged" 'fetch it again'
    return 0
  fi
  if [ "$(header arch)" != "$(our_arch)" ]; then
    refused "$FILE is for linux-$(header arch), and this machine is linux-$(our_arch)" \
      "take skep-$(header version)-linux-$(our_arch).run"
  fi
  if [ "$(tail -c "$(header payload-bytes)" "$FILE" | sum_of /dev/stdin)" != "$(header payload-sha256)" ]; then
    refused "$FILE is damaged: what it holds has another sum than it says" 'fetch it again, and compare its .sha256'
  fi
  check_signature
}

check_signature() {
  public_key >"$WORK/key.pem"
  printf '%s\n' "$HEADER" | grep -v '^#signature ' >"$WORK/signed"
  if [ "$(header signature)" = none ]; then
    [ -n "$ALLOW_UNSIGNED" ] ||
      refused "$FILE is not signed" 'take a signed one, or, if you made it yourself: --allow-unsigned'
  elif [ ! -s "$WORK/key.pem" ]; then
    [ -n "$ALLOW_UNSIGNED" ] ||
      refused "$FILE is signed, and there is no key here to check that with" \
        'name the public key: --release-key FILE, or trust the file: --allow-unsigned'
  elif ! find_verifier; then
    refused 'nothing here can check a signature' 'install OpenSSL 3 or later: apt-get install openssl'
  elif ! decode_signature; then
    refused "the signature of $FILE is damaged" 'fetch it again'
  elif ! signature_is_right; then
    refused "the signature of $FILE is not from the key that is expected" \
      'do not use this file: fetch it from where you trust, or name another key with --release-key'
  fi
}

# decode_signature: into a file. Some bits of the last character mean nothing to base64: what they are is checked as
# well, by encoding it again, so that a file with any wrong bit is refused.
decode_signature() {
  header signature | base64 -d >"$WORK/signature" 2>/dev/null &&
    [ "$(base64 <"$WORK/signature" | tr -d '\n')" = "$(header signature)" ]
}

public_key() {
  if [ -n "$RELEASE_KEY" ]; then
    cat "$RELEASE_KEY" 2>/dev/null || refused "the key $RELEASE_KEY cannot be read" 'name a PEM file: --release-key FILE'
  elif [ -n "$PINNED_KEY" ]; then
    printf -- '-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n' "$PINNED_KEY"
  fi
}

# find_verifier: the Node of an installed release, trusted as that is, while it runs; else OpenSSL, which can do
# Ed25519 since version 3.
find_verifier() {
  VERIFIER=
  if [ "$("$CURRENT/node" -p 1 2>/dev/null)" = 1 ]; then
    VERIFIER=node
  elif have openssl && openssl version | grep -qE '^OpenSSL ([3-9]|[1-9][0-9])'; then
    VERIFIER=openssl
  fi
  [ -n "$VERIFIER" ]
}

signature_is_right() {
  if [ "$VERIFIER" = node ]; then
    # shellcheck disable=SC2016 # for Node to expand
    "$CURRENT/node" -e '
      const [key, text, signature] = process.argv.slice(1).map((path) => require("fs").readFileSync(path));
      process.exit(require("crypto").verify(null, text, key, signature) ? 0 : 1);
    ' "$WORK/key.pem" "$WORK/signed" "$WORK/signature" >/dev/null 2>&1
  else
    openssl pkeyutl -verify -pubin -inkey "$WORK/key.pem" -rawin -in "$WORK/signed" -sigfile "$WORK/signature" \
      >/dev/null 2>&1
  fi
}

# unpack_payload FOLDER [NAME...]: all of the archive, or some names of it.
unpack_payload() {
  folder=$1
  shift
  tail -c "$(header payload-bytes)" "$FILE" 2>>"$WORK/step.log" | gzip -dc 2>>"$WORK/step.log" |
    tar -xf - -C "$folder" "$@" 2>>"$WORK/step.log"
}

# The signed lines have the sum of the list of sums, and that has every file: nothing else may be there.
payload_is_whole() {
  [ "$(sum_of "$1/SHA256SUMS")" = "$(header sums-sha256)" ] &&
    (cd "$1" && sha256sum -c SHA256SUMS >"$WORK/step.log" 2>&1) &&
    [ "$(cd "$1" && find . -type f | wc -l)" -eq $(($(wc -l <"$1/SHA256SUMS") + 1)) ]
}

# Templates and the demo come from the release that is set up, not from the script that does it.
unpack_kit() {
  if [ -z "$FILE" ]; then return 0; fi
  KIT=$WORK/kit
  mkdir "$KIT"
  : >"$WORK/step.log"
  unpack_payload "$KIT" packaging || {
    FAIL_STATUS=5
    fail "$FILE cannot be unpacked" 'fetch it again' "$WORK/step.log"
  }
}

# release_has NAME: does the release that is set up bring this program of its own?
release_has() {
  if [ -n "$FILE" ]; then [ "$(header "$1")" != none ]; else [ -x "$HERE/$1" ] && is_installed_release; fi
}
