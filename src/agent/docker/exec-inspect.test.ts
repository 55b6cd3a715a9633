import { expect, test } from 'vitest';
import { hasStarted } from './exec-inspect.ts';

test.each([
  ['Docker, before', { Pid: 0, ExitCode: null, CanRemove: false }, false],
  ['Docker, running', { Pid: 7, ExitCode: null, CanRemove: false }, true],
  ['Docker, ended', { Pid: 7, ExitCode: 0, CanRemove: false }, true],
  ['Docker, refused', { Pid: 0, ExitCode: 126, CanRemove: false }, true],
  ['Podman, before', { Pid: 0, ExitCode: 0, CanRemove: false }, false],
  ['Podman, running', { Pid: 7, ExitCode: 0, CanRemove: false }, true],
  ['Podman, ended', { Pid: 0, ExitCode: 0, CanRemove: true }, true],
  ['Podman, refused', { Pid: 0, ExitCode: 127, CanRemove: true }, true],
])('a process of %s: started is %s', (_, info, isStarted) => {
  expect(hasStarted(info)).toBe(isStarted);
});
