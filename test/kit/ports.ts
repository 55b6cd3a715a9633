/** Free TCP ports for tests that start real servers on loopback addresses. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/**
 * Distinct ports, each free on every one of the addresses at this moment. All are held until all are found,
 * and each call of this process gets others, so that tests in one file do not meet.
 */
export async function freePorts(
  count: number,
  addresses: readonly string[] = ['127.0.0.1'],
): Promise<number[]> {
  const held: Server[] = [];
  const ports: number[] = [];
  try {
    for (let tries = 0; ports.length < count; tries++) {
      if (tries > 200) throw new Error(`no ${count} free ports on ${addresses.join(', ')} after 200 tries`);
      const port = candidate();
      const servers = await holdAll(port, addresses);
      held.push(...servers);
      if (servers.length === addresses.length) ports.push(port);
    }
    return ports;
  } finally {
    await Promise.all(held.map((server) => new Promise((resolve) => server.close(resolve))));
  }
}

// Below the range from which Linux takes the local ports of outgoing connections (32768-60999). Files that run side by
// side have a quarter each: a port is free for a moment between being found here and being listened at.
const place = (Number(process.env['VITEST_POOL_ID'] ?? 1) - 1) % 4;
const low = 15_000 + place * 4_250;
const high = low + 4_249;
let next = low + Math.floor(Math.random() * (high - low));

function candidate(): number {
  next = next >= high ? low : next + 1;
  return next;
}

/** Listens on the port at each address; shorter than asked when one is taken. */
async function holdAll(port: number, addresses: readonly string[]): Promise<Server[]> {
  const servers: Server[] = [];
  for (const host of addresses) {
    const server = createServer();
    try {
      server.listen({ host, port, exclusive: true });
      await once(server, 'listening');
      servers.push(server);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
      break;
    }
  }
  return servers;
}
