/** How the end of an instance is told where its output is read. Used by the CLI and the TUI. */

/** SIGKILL, which the kernel sends to what takes too much memory. */
const killedCode = 137;
const outOfMemory = 'out of memory';

/** `-- web/2 exited 137 (out of memory) on cell-4 --`. Not escaped: the reason comes from a workload. */
export function describeEnd(
  name: string,
  cellId: string,
  code: number | undefined,
  reason: string | undefined,
): string {
  const how = code === undefined ? 'ended' : `exited ${code}`;
  const why = reason === undefined || reason === '' ? '' : ` (${reason})`;
  return `-- ${name} ${how}${why} on ${cellId} --`;
}

/** What the status does not say. The record may still tell of the crash before, so that little of it is believed. */
export function reasonBeside(code: number | undefined, crashReason: string | undefined): string | undefined {
  if (code === undefined) return crashReason;
  return code === killedCode && crashReason?.includes(outOfMemory) === true ? outOfMemory : undefined;
}
