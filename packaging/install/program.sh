# shellcheck shell=sh disable=SC2034,SC2153 # the parts share their variables; install.sh loads them all
# The program: a Node of its own and one bundle, in $RELEASES/VERSION-HASH, where the hash is of what it is
# built from. `current` points at the one in use. A release is staged beside and renamed when it is whole.

# A release file brings it; a checkout builds it; the script of an installed release has it already.
from_source() { [ -d "$HERE/src" ]; }

is_installed_release() { [ -f "$HERE/skep.mjs" ] && [ -x "$HERE/node" ]; }

program_version() {
  if [ -z "$FILE" ] && is_release_file "${FROM_FILE:-$SELF}"; then
    HEADER=$(header_of "${FROM_FILE:-$SELF}")
  fi
  if [ -n "$HEADER" ]; then
    header version
  else
    sed -n 's/^  "version": "\(.*\)",*$/\1/p' "$HERE/package.json" | head -n 1
  fi
}

# Names the release that is to be set up: $RELEASE, $RELEASE_PATH.
name_release() {
  if [ -n "$FILE" ]; then
    RELEASE=$(header release)
  elif from_source; then
    RELEASE=$(program_version)-$(sum_of_sources)
  elif is_installed_release; then
    RELEASE=$(basename "$HERE")
  else
    fail "beside $SELF is neither a checkout nor a program" 'use a release file: --from-file FILE'
  fi
  RELEASE_PATH=$RELEASES/$RELEASE
}

# Of all that a built release is made from.
sum_of_sources() {
  (
    cd "$HERE" || exit 1
    {
      uname -m
      find src scripts/build.ts scripts/install-script.ts package.json package-lock.json packaging install.sh \
        -type f ! -name '*.test.ts' | LC_ALL=C sort | tr '\n' '\0' | xargs -0 sha256sum
    } | sha256sum | cut -c 1-12
  )
}

step_program() {
  step 'The program, with its own Node' 7
  name_release
  if release_works "$RELEASE_PATH"; then
    step_ok "$RELEASE is there"
    return 0
  fi
  if change "put $RELEASE into $RELEASES"; then
    make_folder "$RELEASES" 755
    rm -rf "$RELEASES"/.staging*
    STAGE=$RELEASES/.staging
    undo_by remove "$STAGE"
    mkdir "$STAGE"
    if [ -n "$FILE" ]; then
      unpack_release
    elif from_source; then
      build_program
    else
      fail "$RELEASE is damaged" 'set it up anew from a release file: --from-file FILE'
    fi
    release_works "$STAGE" ||
      fail "the program does not run" "mend what it says, or take another version" "$WORK/step.log"
    undo_by remove "$RELEASE_PATH"
    rm -rf "$RELEASE_PATH"
    sync
    mv "$STAGE" "$RELEASE_PATH"
  fi
  step_ok "$RELEASE"
}

unpack_release() {
  : >"$WORK/step.log"
  if ! unpack_payload "$STAGE" --no-same-owner; then
    fail "$FILE could not be unpacked" "see whether the disk of $RELEASES is full: df -h $RELEASES" "$WORK/step.log"
  fi
  payload_is_whole "$STAGE" ||
    fail "what was unpacked from $FILE is not what it says" "see whether the disk is full: df -h $RELEASES" "$WORK/step.log"
}

release_works() {
  [ -x "$1/node" ] && [ -f "$1/skep.mjs" ] && quietly "$1/node" "$1/skep.mjs" --version
}

# Node keeps what the first command compiled: every later one starts a third faster.
warm_up() { skep ps >/dev/null 2>&1 || true; }

build_program() {
  BUILD=$HERE
  if ! modules_match "$HERE"; then fetch_modules; fi
  cp "$BUILD/node_modules/node/bin/node" "$STAGE/node.new"
  quietly "$STAGE/node.new" "$BUILD/scripts/build.ts" --out "$STAGE/bundle" ||
    fail 'the program could not be built' 'mend what it says, or check out another version' "$WORK/step.log"
  mv "$STAGE"/bundle/* "$STAGE/"
  rmdir "$STAGE/bundle"
  mv "$STAGE/node.new" "$STAGE/node"
  chmod 755 "$STAGE/node"
  if [ "$BUILD" != "$HERE" ]; then
    rm -rf "$BUILD"
    drop_build_packages
  fi
}

# modules_match FOLDER: are its node_modules those that package.json pins, with a Node that runs here?
modules_match() {
  # shellcheck disable=SC2016 # for Node to expand
  [ -x "$1/node_modules/node/bin/node" ] && quietly "$1/node_modules/node/bin/node" -e '
    const folder = process.argv[1];
    const of = (path) => JSON.parse(require("fs").readFileSync(`${folder}/${path}/package.json`, "utf8"));
    const { dependencies, devDependencies: { esbuild, node } } = of(".");
    for (const [name, version] of Object.entries({ ...dependencies, esbuild, node })) {
      const found = of(`node_modules/${name}`).version;
      if (found !== version) throw new Error(`${name} is ${found}, not ${version}`);
    }
  ' "$1"
}

# In a copy, so that the checkout stays as it is.
fetch_modules() {
  if ! have npm; then install_npm; fi
  BUILD=$STAGE.build
  undo_by remove "$BUILD"
  mkdir "$BUILD"
  (cd "$HERE" && cp -R package.json package-lock.json src scripts packaging install.sh "$BUILD/")
  if [ -f "$HERE/.npmrc" ]; then cp "$HERE/.npmrc" "$BUILD/"; fi
  npm_ci || npm_ci ||
    fail 'npm ci failed' "see that 'npm ping' works here (network, registry), then run this again" "$WORK/step.log"
  modules_match "$BUILD" ||
    fail 'npm brought other packages than package.json pins' 'check out a whole, unchanged version' "$WORK/step.log"
}

npm_ci() { (cd "$BUILD" && quietly npm ci --no-audit --no-fund --cache "$BUILD/.npm"); }

# Debian's npm is some hundred packages, wanted for a minute: they are taken away again after the build.
install_npm() {
  if ! have apt-get; then
    fail 'npm is missing, which brings the pinned Node' 'install npm, or bring a checkout whose npm ci was done'
  fi
  printf '(fetching npm, this takes a minute or two) '
  [ -s /etc/ssl/certs/ca-certificates.crt ] || apt_install package ca-certificates
  apt_install build-package npm
}

drop_build_packages() {
  forget_absent build-package
  names=$(all_made build-package)
  if [ -z "$names" ]; then return 0; fi
  # shellcheck disable=SC2086 # a list of names
  if remove_packages $names; then
    note 'npm was installed for the build only and is gone again'
  else
    note 'npm was installed for the build and stays: other packages use it by now'
    for name in $names; do made package "$name"; done
  fi
  for name in $names; do forget build-package "$name"; done
}

# point_current RELEASE: in one step; without a release there is none.
point_current() {
  if [ -z "$1" ]; then
    rm -f "$CURRENT"
  else
    make_folder "$OPT" 755
    rm -f "$OPT/.current.new"
    ln -s "$RELEASES/$1" "$OPT/.current.new"
    mv -fT "$OPT/.current.new" "$CURRENT"
  fi
}

current_release() {
  if [ -L "$CURRENT" ]; then basename "$(readlink "$CURRENT")"; fi
}

# The last three that were in use stay.
prune_releases() {
  if [ "$BEFORE" = "$RELEASE" ] || [ "$MODE" != install ]; then return 0; fi
  for folder in "$RELEASES"/*; do
    tail -n 3 "$HISTORY" | grep -qxF "${folder##*/}" || rm -rf "$folder"
  done
}
