/** A unix socket that leads to another one while it is open: a container engine that comes and goes. */
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';

export interface UnixProxy {
  readonly path: string;
  open(): Promise<void>;
  /** Cuts every connection and removes the socket; no error when it is closed. */
  close(): Promise<void>;
}

export function unixProxy(path: string, to: string): UnixProxy {
  const sockets = new Set<Socket>();
  let server: Server | undefined;

  function pair(client: Socket): void {
    const upstream = connect(to);
    for (const [from, into] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.on('error', () => into.destroy());
      from.on('close', () => {
        sockets.delete(from);
        into.destroy();
      });
      from.pipe(into);
    }
  }

  return {
    path,
    async open() {
      server = createServer({ allowHalfOpen: true }, pair);
      server.listen(path);
      await once(server, 'listening');
    },
    async close() {
      const closing = server;
      server = undefined;
      if (closing === undefined) return;
      const closed = once(closing, 'close');
      closing.close();
      for (const socket of sockets) socket.destroy();
      await closed;
      rmSync(path, { force: true });
    },
  };
}

/** The engine that the tests use. */
export function dockerSocket(): string {
  return (process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock').replace('unix://', '');
}
