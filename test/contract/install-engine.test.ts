/** Which container engine install.sh takes, with commands that only pretend to be one. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

const part = fileURLToPath(new URL('../../packaging/install/engine.sh', import.meta.url));
const docker = 'case $1 in --version) echo Docker version 20.10 ;; *) echo 20.10 ;; esac';
const dockerAway = 'case $1 in --version) echo Docker version 20.10 ;; *) exit 1 ;; esac';
/** The package podman-docker: the plain command answers without any service. */
const podmanDocker = 'case $1 in --version) echo podman version 4.3.1 ;; *) echo 4.3.1 ;; esac';
/** Answers without its service too, but then not when it is asked by way of a socket. */
const podman = '[ "$1" = --url ] && echo 4.3.1';
const podmanAway = '[ "$1" != --url ]';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'skep-install-engine-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test.each([
  ['Docker', { docker }, 'docker Docker 20.10'],
  ['Docker, with Podman beside it', { docker, podman }, 'docker Docker 20.10'],
  ['Podman', { podman }, 'podman Podman 4.3.1'],
  ['Podman, where Docker does not answer', { docker: dockerAway, podman }, 'podman Podman 4.3.1'],
  ["Podman, with Docker's name", { docker: podmanDocker, podman }, 'podman Podman 4.3.1'],
  [
    "Podman, whose socket nobody serves, with Docker's name",
    { docker: podmanDocker, podman: podmanAway },
    '',
  ],
])('%s', async (_, commands, found) => {
  for (const [name, text] of Object.entries(commands)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(folder, name), 0o755);
  }
  const socket = join(folder, 'podman.sock');
  const server = createServer().listen(socket);
  try {
    const script = `
      have() { [ -x "${folder}/$1" ]; }
      timeout() { shift; "$@"; }
      RUN=/nonexistent LOG=/nonexistent/log
      . "${part}"
      PODMAN_SOCKET="${socket}"
      if find_engine; then echo "$ENGINE $ENGINE_NAME"; fi`;
    const env = { PATH: `${folder}:/usr/bin:/bin` };
    expect(execFileSync('sh', ['-euc', script], { env, encoding: 'utf8' }).trim()).toBe(found);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});
