/** What an operator types next, after the store of one server was founded anew. Printed by restore and recover. */

import type { AgentConfig } from '../core/agent-config.ts';
import { escapeText } from '../core/escape.ts';

export interface RejoinOptions {
  /** Of the server that has the state. */
  readonly config: AgentConfig;
  /** Servers of the cluster that was. */
  readonly others: readonly string[];
}

/** In the order in which to type it. */
export function rejoinLines({ config, others }: RejoinOptions): string[] {
  const api = `${config.address}:${config.ports.api}`;
  const start = [
    '',
    'Start the agent here; cells come back by themselves and adopt what runs:',
    '  systemctl start skep',
  ];
  if (others.length === 0) return start;
  return [
    ...start,
    '',
    `Then, one by one, on ${others.map((name) => escapeText(name)).join(', ')} (each host that is to be a server again):`,
    '  systemctl stop skep',
    `  mv ${config.dataDir}/etcd ${config.dataDir}/etcd.old`,
    `  # in /etc/skep/agent.yaml:  join: [${api}]`,
    '  systemctl start skep',
  ];
}
