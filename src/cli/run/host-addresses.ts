/** Every address of this host: etcd compares those in a peer's certificate with where the connection comes from. */
import { networkInterfaces } from 'node:os';
import type { AgentConfig } from '../core/agent-config.ts';

/** As many as a certificate is asked to name. */
const addressesMax = 64;

/** The configured one first, then loopback, then the others. */
export function hostAddresses({ address }: Pick<AgentConfig, 'address'>): string[] {
  const others = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  const all = [address, '127.0.0.1', ...others.filter((one) => !one.internal).map((one) => one.address)];
  return [...new Set(all)].slice(0, addressesMax);
}
