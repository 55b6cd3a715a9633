/** Keeps the certificate of a cell from expiring, and of the right epoch; run by cell.ts beside the cell. */
import type { AgentContext } from './context.ts';
import type { HostCertificates } from './host-certificates.ts';
import { confirmToServers, renewFromServers } from './pki.ts';
import { keepRenewed } from './renewal.ts';
import type { ServerHalf } from './server-half.ts';

/**
 * Until the signal aborts. While this host is a server nothing is done: it renews its own (server.ts).
 * @param sessions where the servers are that this cell knows: those that joined since are asked too
 */
export async function renewCell(
  context: AgentContext,
  held: HostCertificates,
  server: Pick<ServerHalf, 'isRunning'>,
  sessions: () => readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const { config, clock } = context;
  const addresses = (): string[] => [...new Set([...sessions(), ...config.join])];
  const renewable = {
    isDue: (now: number) => !server.isRunning && (held.isDue(now) || !held.isConfirmed),
    get endsAt() {
      return held.endsAt;
    },
    get woken() {
      return held.woken;
    },
  };
  const work = async (): Promise<void> => {
    if (held.isDue(clock.now())) await renewFromServers(context, held, addresses(), signal);
    if (!held.isConfirmed) await confirmToServers(context, held, addresses(), signal);
  };
  await keepRenewed(renewable, work, context, signal);
}
