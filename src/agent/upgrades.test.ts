/** Upgrades as a server asks for them, with an installer that writes down what it is told. */
import { expect, it } from 'vitest';
import { socketPair } from '../../test/kit/socket-pair.ts';
import { packFrame, unpackFrame } from '../api/core/stream-frames.ts';
import type { UpgradeAction } from '../api/core/upgrade-shapes.ts';
import { SkepError } from '../base/core/errors.ts';
import { silentLog } from '../base/log.ts';
import type { Socket } from '../base/socket.ts';
import type { Installer } from './installer.ts';
import { Upgrades } from './upgrades.ts';

interface FakeInstaller extends Installer {
  readonly told: string[];
  release(): void;
}

function fakeInstaller(): FakeInstaller {
  const told: string[] = [];
  const ended = Promise.withResolvers<void>();
  return {
    told,
    release: () => ended.resolve(),
    async receive(chunks, { bytes }) {
      let left = bytes;
      for await (const chunk of chunks) {
        told.push(new TextDecoder().decode(chunk));
        left -= chunk.length;
        if (left <= 0) return;
      }
    },
    async run(action) {
      told.push(action);
      await ended.promise;
      return { code: 0, lines: ['done'] };
    },
    last: async () => ({ code: 7, lines: ['the disk is full'] }),
  };
}

const presence = { stayFor: async () => undefined, stayNoLonger: () => undefined };

/** Sends the frames to a stream for the action, and returns every frame of the answer as parsed JSON. */
async function ask(upgrades: Upgrades, action: UpgradeAction, ...frames: string[]): Promise<unknown[]> {
  const { left, right } = socketPair();
  for (const frame of frames) await left.send(packFrame('stdin', new TextEncoder().encode(frame)));
  const request = { kind: 'upgrade', action, by: 'uid 0' } as const;
  const serving = upgrades.serve(right, request, new AbortController().signal);
  await serving.finally(() => right.close(1000, 'ended'));
  return await framesOf(left);
}

async function framesOf(socket: Socket): Promise<unknown[]> {
  const frames: unknown[] = [];
  for await (const data of socket.messages) {
    const frame = typeof data === 'string' ? undefined : unpackFrame(data);
    frames.push(JSON.parse(new TextDecoder().decode(frame?.payload)));
  }
  return frames;
}

const order = JSON.stringify({ action: 'install', bytes: 6, sha256: 'a'.repeat(64) });

it('takes the file in as many frames as it comes, then runs the installer and reports', async () => {
  const installer = fakeInstaller();
  installer.release();
  const upgrades = new Upgrades({ installer, log: silentLog, presence });
  const answer = await ask(upgrades, 'install', order, 'abc', 'def');
  expect(installer.told).toEqual(['abc', 'def', 'install']);
  expect(answer).toEqual([{ kind: 'opened' }, { code: 0, lines: ['done'] }, { kind: 'exit', code: 0 }]);
});

it('keeps the cell present while its agent restarts, and as usual once it has not', async () => {
  const installer = fakeInstaller();
  installer.release();
  const noting = {
    stayFor: async (ttlMs: number) => void installer.told.push(`stays ${ttlMs}`),
    stayNoLonger: () => void installer.told.push('as usual'),
  };
  const upgrades = new Upgrades({ installer, log: silentLog, presence: noting });
  await ask(upgrades, 'rollback', '{"action":"rollback"}');
  expect(installer.told).toEqual(['stays 90000', 'rollback', 'as usual']);
  installer.told.length = 0;
  await ask(upgrades, 'check', order.replace('install', 'check'), 'abcdef');
  expect(installer.told).toEqual(['abcdef', 'check', 'as usual']);
});

it('says how the last one ended, which is asked after a restart', async () => {
  const upgrades = new Upgrades({ installer: fakeInstaller(), log: silentLog, presence });
  const answer = await ask(upgrades, 'last', '{"action":"last"}');
  expect(answer[1]).toEqual({ code: 7, lines: ['the disk is full'] });
});

it('does one at a time, and only what the journal says', async () => {
  const installer = fakeInstaller();
  const upgrades = new Upgrades({ installer, log: silentLog, presence });
  const first = ask(upgrades, 'rollback', '{"action":"rollback"}');
  await expect.poll(() => installer.told).toEqual(['rollback']);
  await expect(ask(upgrades, 'rollback', '{"action":"rollback"}')).rejects.toMatchObject({
    code: 'ResourceConflict',
  });
  installer.release();
  await first;
  await expect(ask(upgrades, 'last', order)).rejects.toThrow('the journal has last');
});

it('refuses what is no order, and a host where nothing was installed', async () => {
  const upgrades = new Upgrades({ installer: fakeInstaller(), log: silentLog, presence });
  for (const text of ['', '[]', '{"action":"format"}', '{"action":"install","bytes":-1,"sha256":"x"}']) {
    await expect(ask(upgrades, 'install', text)).rejects.toBeInstanceOf(SkepError);
  }
  const nowhere = new Upgrades({ installer: undefined, log: silentLog, presence });
  await expect(ask(nowhere, 'install', order)).rejects.toThrow('was not set up by install.sh');
});
