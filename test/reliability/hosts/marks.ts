/** Counts how often each task says that it runs: a web server where the run is, which tasks ask for their own name. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { clientAddress } from './rig.ts';

export interface Marks {
  readonly counts: ReadonlyMap<string, number>;
  /** What a task runs to be counted: busybox's nc, whose wget gives up with a fault when it may not wait. */
  command(guid: string): string;
  stop(): void;
}

const port = 7999;

export async function countMarks(): Promise<Marks> {
  const counts = new Map<string, number>();
  const server = createServer((request, response) => {
    const guid = request.url?.slice(1) ?? '';
    counts.set(guid, (counts.get(guid) ?? 0) + 1);
    response.end('counted\n');
  });
  server.listen(port, clientAddress);
  await once(server, 'listening');
  return {
    counts,
    command: (guid) => `printf 'GET /${guid} HTTP/1.0\\r\\n\\r\\n' | nc -w 3 ${clientAddress} ${port}`,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}
