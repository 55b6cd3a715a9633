/**
 * The decision trace of an agent: DATA/explain.jsonl, on from the start with `--explain`, and switched by
 * SIGUSR2 while it runs, so that a brain that does something odd need not be restarted to be asked why.
 */
import { join } from 'node:path';
import { type LineFile, lineFile } from '../../base/node/line-file.ts';
import type { ExplainSink } from '../../scheduler/decision-trace.ts';
import type { AgentContext } from './context.ts';

export const explainFile = 'explain.jsonl';

const fileMaxBytes = 16 * 2 ** 20;
/** What waits to be written: a full pass of lines, and another. */
const pendingMaxChars = 8 * 2 ** 20;

export interface ExplainSwitch extends ExplainSink {
  /** Writes what waits and heeds the signal no more. */
  close(): Promise<void>;
}

/** Without a server there is no brain: then the signal is answered by a line in the log and does nothing else. */
export function explainSwitch({ config, log }: Pick<AgentContext, 'config' | 'log'>): ExplainSwitch {
  const path = join(config.dataDir, explainFile);
  const file: LineFile = lineFile({
    path,
    maxBytes: fileMaxBytes,
    pendingMaxChars,
    droppedLine: (lines) => JSON.stringify({ kind: 'dropped', lines }),
    log,
  });
  let isOn = config.explain;
  const tell = (): void => log.info(isOn ? 'explain.on' : 'explain.off', { path });
  const turn = (): void => {
    if (config.serverSetting === false) {
      log.warn('explain.no_brain', { reason: 'this agent is a cell only: ask the servers' });
      return;
    }
    isOn = !isOn;
    tell();
  };
  if (isOn) tell();
  process.on('SIGUSR2', turn);
  return {
    get isOn() {
      return isOn;
    },
    write: (line) => file.write(line),
    async close() {
      process.off('SIGUSR2', turn);
      await file.flush();
    },
  };
}
