/**
 * A command that the engine could not start: it reports that as the command's own output and ends it with
 * status 126, whatever the reason. Used by exec.ts, so that a pipe behind `skep exec` is not fed an error, and
 * a missing command has the status that every shell gives it.
 */
import type { Frame } from './frames.ts';

/** Docker's words, then Podman's (4.3, with crun and runc). */
const refusal =
  /^OCI runtime exec failed: |^Error: .*: OCI (?:runtime attempted to invoke a command that was not found|permission denied|runtime error)/;
const missing = /executable file (?:\S+ )?not found|no such file or directory/i;
/** What Podman adds of its own plumbing. */
const plumbing = /^Error: read unixpacket .*\r?\n?/gm;
const cannotRun = 126;
const notFound = 127;

export interface RefusalReader {
  /** The same output, with the engine's refusal on standard error, though a terminal has only the one stream. */
  read(output: AsyncIterable<Frame>): AsyncGenerator<Frame>;
  /** 127 in the place of 126 when the command does not exist (POSIX, Shell 2.8.2). */
  statusOf(status: number | undefined): number | undefined;
}

const isPlumbing = ({ data }: Frame): boolean => new TextDecoder().decode(data).replace(plumbing, '') === '';

export function refusalReader(): RefusalReader {
  let reason = '';
  return {
    async *read(output) {
      let isFirst = true;
      for await (const frame of output) {
        const text = isFirst ? new TextDecoder().decode(frame.data) : '';
        isFirst = false;
        if (refusal.test(text)) {
          reason = text;
          yield { stream: 'stderr', data: new TextEncoder().encode(text.replace(plumbing, '')) };
        } else if (reason === '' || !isPlumbing(frame)) {
          yield frame;
        }
      }
    },
    statusOf: (status) => (status === cannotRun && missing.test(reason) ? notFound : status),
  };
}
