# shellcheck shell=sh disable=SC2034,SC2153 # the parts share their variables; install.sh loads them all
# The program: a Node of its own and one bundle, in $OPT/releases/VERSION-HASH, where the hash is of what it is
# built from. `current` points at the one in use. A release is staged beside and renamed when it is whole.

# From a checkout it is built; a folder without src brings dist/skep.mjs and dist/node, ready made.
from_source() { [ -d "$HERE/src" ]; }

program_version() {
  manifest=$HERE/package.json
  from_source || manifest=$HERE/dist/package.json
  sed -n 's/^  "version": "\(.*\)",*$/\1/p' "$manifest" | head -n 1
}

# Names the release that this checkout makes: $RELEASE, $RELEASE_PATH.
name_release() {
  hash=$(
    cd "$HERE" || exit 1
    {
      uname -m
      if from_source; then
        find src scripts/build.ts package.json package-lock.json -type f ! -name '*.test.ts'
      else
        find dist -type f
      fi | LC_ALL=C sort | tr '\n' '\0' | xargs -0 sha256sum
    } | sha256sum | cut -c 1-12
  )
  RELEASE=$(program_version)-$hash
  RELEASE_PATH=$OPT/releases/$RELEASE
}

step_program() {
  step 'The program, with its own Node'
  name_release
  if release_works "$RELEASE_PATH"; then
    step_ok "$RELEASE is there"
    return 0
  fi
  if change "put $RELEASE into $OPT/releases"; then
    make_folder "$OPT/releases" 755
    rm -rf "$OPT"/releases/.staging*
    STAGE=$OPT/releases/.staging
    undo_by remove "$STAGE"
    mkdir "$STAGE"
    if from_source; then build_program; else take_program; fi
    release_works "$STAGE" ||
      fail "the built program does not run" "mend what it says, or check out another version" "$WORK/step.log"
    undo_by remove "$RELEASE_PATH"
    rm -rf "$RELEASE_PATH"
    mv "$STAGE" "$RELEASE_PATH"
  fi
  step_ok "$RELEASE"
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

take_program() {
  cp -R "$HERE/dist/." "$STAGE/"
  chmod 755 "$STAGE/node" 2>/dev/null ||
    fail "$HERE/dist/node is missing" 'this folder is no whole release: take another, or a checkout'
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
  (cd "$HERE" && cp -R package.json package-lock.json src scripts "$BUILD/")
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
    rm -f "$OPT/.current.new"
    ln -s "releases/$1" "$OPT/.current.new"
    mv -fT "$OPT/.current.new" "$CURRENT"
  fi
}

current_release() {
  if [ -L "$CURRENT" ]; then basename "$(readlink "$CURRENT")"; fi
}

# The one in use and the one before it stay.
prune_releases() {
  if [ "$BEFORE" = "$RELEASE" ]; then return 0; fi
  for folder in "$OPT"/releases/*; do
    case ${folder##*/} in
      "$RELEASE" | "$BEFORE") ;;
      *) rm -rf "$folder" ;;
    esac
  done
}
