/**
 * Release files whose program is a shell script that plays the agent: install.sh goes through all of its steps with one
 * in well under a second, so that a test can kill it at every point. Its Node is a shell, too small to wait for. Beside
 * them, commands that count what install.sh does and end it, with all that it started, at one of those deeds.
 * Used by test/e2e/installer-faults.test.ts.
 */
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { copyInstaller } from '../../scripts/install-script.ts';
import { archive, releaseBytes, writeSums } from '../../scripts/release-file.ts';
import { checkout } from './install.ts';

/** Answers as the real program does, as far as install.sh asks. $0 is below the root that it is installed to. */
const program = (version: string, agent: string): string => `
root=\${0%%/opt/skep/*}
case "$*" in
  --version) echo ${version} ;;
  agent*)
    mkdir -p "$root/var/lib/skep"
    echo '{"clusterId": "shell"}' >"$root/var/lib/skep/cluster.json"
    ${agent}
    [ -p "$root/run/skep/skep.sock" ] || mkfifo "$root/run/skep/skep.sock"
    echo $$ >"$root/run/skep/serving-agent.pid"
    read -r line <"$root/run/skep/skep.sock"
    ;;
  *'status -o json')
    read -r agent <"$root/run/skep/agent.pid"
    # One that is about to end answers nothing.
    read -r serving <"$root/run/skep/serving-agent.pid"
    [ "$agent" = "$serving" ] && kill -0 "$agent" || exit 7
    printf '{\\n  "leader": {\\n  "cells": {\\n    "present": 1\\n'
    ;;
  'cells -o name') echo one ;;
esac
`;

export interface ShellReleases {
  /** Whose public half the files pin. */
  readonly key: KeyObject;
  /** A whole, signed release; its path. @param agent what its agent does first */
  make(version: string, agent?: string): string;
}

export function shellReleases(folder: string): ShellReleases {
  const { privateKey } = generateKeyPairSync('ed25519');
  return {
    key: privateKey,
    make(version, agent = ':') {
      const copy = join(folder, `shell-${version}`);
      mkdirSync(copy, { recursive: true });
      copyInstaller(checkout, copy);
      appendFileSync(join(copy, 'packaging/agent.yaml'), `# of ${version}\n`);
      writeFileSync(join(copy, 'package.json'), `{\n  "name": "skep",\n  "version": "${version}"\n}\n`);
      writeFileSync(join(copy, 'skep.mjs'), program(version, agent));
      copyFileSync(realpathSync('/bin/sh'), join(copy, 'node'));
      const sums = writeSums(copy);
      const payload = archive(copy, join(folder, 'shell.tgz'), 1);
      const about = { version, arch: process.arch, node: '24.0.0', etcd: '3.4.0' };
      const file = join(folder, `shell-${version}.run`);
      writeFileSync(file, releaseBytes(checkout, about, payload, sums, privateKey));
      rmSync(copy, { recursive: true });
      return file;
    },
  };
}

/** What changes a machine, and what install.sh asks its agent with. */
const counted = [
  'chmod',
  'cp',
  'gzip',
  'ln',
  'mkdir',
  'mktemp',
  'mv',
  'rm',
  'rmdir',
  'setsid',
  'sync',
  'tar',
  'timeout',
  'touch',
];

/** install.sh, run with these, is watched. */
export interface Deeds {
  /** To be put before PATH: also a Docker that answers and has nothing. */
  readonly path: string;
  /** For `--log`: says in which step a run is. */
  readonly log: string;
  /** What install.sh did, in order, each with the number of the step that it was in. */
  done(): { readonly step: number; readonly command: string }[];
  /** Counts anew. @param killAt the deed before which the run is killed, from 1; undefined: none */
  reset(killAt: number | undefined): NodeJS.ProcessEnv;
}

export function deeds(folder: string): Deeds {
  const path = join(folder, 'deeds');
  const calls = join(folder, 'calls');
  const log = join(folder, 'log');
  mkdirSync(path);
  for (const command of counted) {
    const real = execFileSync('sh', ['-c', `command -v ${command}`], { encoding: 'utf8' }).trim();
    const body = [
      '#!/bin/sh',
      '[ -n "$DEEDS_GROUP" ] || exec ' + `${real} "$@"`,
      'step=0; while read -r _ _ word _; do [ "$word" != step ] || step=$((step + 1)); done <"$DEEDS_LOG"',
      `echo "$step ${command}" >>"$DEEDS_CALLS"`,
      'count=0; while read -r _; do count=$((count + 1)); done <"$DEEDS_CALLS"',
      '[ "$count" -lt "$DEEDS_KILL_AT" ] || kill -s KILL -- "-$DEEDS_GROUP"',
      `exec ${real} "$@"`,
    ];
    writeFileSync(join(path, command), `${body.join('\n')}\n`, { mode: 0o755 });
  }
  writeFileSync(join(path, 'docker'), '#!/bin/sh\n[ "$1" != version ] || echo 1.0\n', { mode: 0o755 });
  return {
    path,
    log,
    done() {
      const lines = readFileSync(calls, 'utf8').split('\n').filter(Boolean);
      return lines.map((line) => ({ step: Number(line.split(' ')[0]), command: line.split(' ')[1] ?? '' }));
    },
    reset(killAt) {
      for (const file of [calls, log]) writeFileSync(file, '');
      return { DEEDS_CALLS: calls, DEEDS_LOG: log, DEEDS_KILL_AT: String(killAt ?? 1_000_000) };
    },
  };
}
