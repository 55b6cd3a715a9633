/** `skep dev | tee log`: Ctrl-C ends tee first, and the cluster must be taken down all the same. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { cliProgram } from '../kit/cli-child.ts';
import { freePorts } from '../kit/ports.ts';

it('skep dev whose reader has gone leaves no folder and no process', async () => {
  const [port = 0] = await freePorts(3);
  const [command, ...program] = cliProgram;
  const child = spawn(command, [...program, 'dev', '--cells', '1', '--port', String(port)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (data: Buffer) => {
    said += data.toString();
  });
  await expect.poll(() => said, { timeout: 60_000 }).toContain('Ready');
  const folder = /data in (\/\S+)/.exec(said)?.[1] ?? '';
  expect(existsSync(folder)).toBe(true);
  child.stderr.destroy();
  child.kill('SIGINT');
  expect(await once(child, 'exit')).toEqual([0, null]);
  expect(existsSync(folder)).toBe(false);
});
