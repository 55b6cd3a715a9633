/**
 * Connections of peers that have proved nothing: at most so many are kept, so that whoever opens thousands and says
 * nothing takes no place from others. Used by listen.ts on TCP.
 */
import type { Socket } from 'node:net';

/** A host that joins, or a person without a certificate, needs one for a second. */
const strangersMax = 1_024;

export interface Strangers {
  /** A connection that has proved nothing yet. One too many ends the oldest of the address that has most. */
  add(connection: Socket): void;
  /** It has: it counts no more. Connections are known by the peer's address and port. */
  trust(connection: Pick<Socket, 'remoteAddress' | 'remotePort'>): void;
  readonly count: number;
}

/** @param ended told of each connection that had to go */
export function strangers(ended: (from: string) => void, max: number = strangersMax): Strangers {
  /** By address, then by port, oldest first. */
  const byAddress = new Map<string, Map<number, Socket>>();
  let count = 0;

  function drop(address: string, port: number): void {
    const ports = byAddress.get(address);
    if (ports?.delete(port) !== true) return;
    count -= 1;
    if (ports.size === 0) byAddress.delete(address);
  }

  function endOne(): void {
    const [address, ports] = [...byAddress].reduce((most, one) => (one[1].size > most[1].size ? one : most));
    const [port, oldest] = ports.entries().next().value ?? [];
    if (port === undefined || oldest === undefined) return;
    drop(address, port);
    oldest.destroy();
    ended(address);
  }

  return {
    add(connection) {
      const { remoteAddress: address, remotePort: port } = connection;
      // It has gone already.
      if (address === undefined || port === undefined) return;
      if (count >= max) endOne();
      const ports = byAddress.get(address) ?? new Map<number, Socket>();
      byAddress.set(address, ports);
      ports.set(port, connection);
      count += 1;
      connection.once('close', () => {
        if (byAddress.get(address)?.get(port) === connection) drop(address, port);
      });
    },
    trust({ remoteAddress: address, remotePort: port }) {
      if (address !== undefined && port !== undefined) drop(address, port);
    },
    get count() {
      return count;
    },
  };
}
