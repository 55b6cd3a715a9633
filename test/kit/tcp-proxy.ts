/** A TCP proxy on loopback with faults by hand, between a client and a real server. */
import { connect, createServer, type Socket } from 'node:net';

export type Silence = 'nothing' | 'answers' | 'everything';

export interface TcpProxy {
  /** As `host:port`. */
  readonly address: string;
  /** Connections that are open now. */
  readonly connections: number;
  /** Resets every connection; new ones are taken. */
  dropConnections(): void;
  /** While refusing, every connection is reset, and every new one at once. */
  refuse(refusing: boolean): void;
  /** What is swallowed without anybody being told: everything, as when a cable is cut, or only the answers. */
  silence(what: Silence): void;
  close(): Promise<void>;
}

/** @param port the server's, on 127.0.0.1 */
export async function tcpProxy(port: number): Promise<TcpProxy> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let refusing = false;
  let silent: Silence = 'nothing';

  function drop(): void {
    for (const pair of pairs) for (const socket of pair) socket.destroy();
  }

  const server = createServer((client) => {
    if (refusing) {
      client.destroy();
      return;
    }
    const upstream = connect(port, '127.0.0.1');
    const pair = [client, upstream] as const;
    pairs.add(pair);
    for (const [from, to] of [pair, [upstream, client] as const]) {
      from.on('data', (data) => {
        if (silent === 'nothing' || (silent === 'answers' && from === client)) to.write(data);
      });
      // A reset is what this is for; the other side learns of it by the close.
      from.on('error', () => to.destroy());
      from.on('close', () => {
        to.destroy();
        pairs.delete(pair);
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port: own } = server.address() as { port: number };

  return {
    address: `127.0.0.1:${own}`,
    get connections() {
      return pairs.size;
    },
    dropConnections: drop,
    refuse(next) {
      refusing = next;
      if (next) drop();
    },
    silence(what) {
      silent = what;
    },
    async close() {
      drop();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
