/** `why` over HTTP, with a cell that answers on its stream. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ApiServer, startApiServer } from '../../../test/kit/api-server.ts';
import { buildActual, buildCell, buildDesired, clusterRecords } from '../../../test/kit/builders.ts';
import type { InstanceDoing } from '../core/instance-doing.ts';
import { packFrame } from '../core/stream-frames.ts';

let server: ApiServer;
beforeEach(async () => {
  server = await startApiServer();
});
afterEach(() => server.close());

test('what the cell says of an instance that starts is in the answer, in words and as data', async () => {
  const actual = buildActual({ cellId: 'a', state: 'CLAIMED', instanceGuid: 'i1' });
  const records = clusterRecords({
    desired: [buildDesired()],
    actual: [actual],
    cells: [buildCell('a')],
  });
  await server.seed({ puts: records.map(([key, value]) => ({ key, value })) });
  const doing: InstanceDoing = {
    cellId: 'a',
    at: 90_000,
    phase: 'checking',
    since: 50_000,
    checks: [{ check: 'tcp:80', purpose: 'liveness', failures: 3, output: 'no \u001b[31mroute' }],
    nextAt: 100_000,
  };
  const { signal } = server;
  // Answered the moment that it is asked: on a busy machine the server's patience may end before a test looks again.
  const answer = packFrame('stdout', new TextEncoder().encode(JSON.stringify(doing)));
  server.opened.push = (...streams) => {
    for (const { cell } of streams) void cell.send(answer);
    return Array.prototype.push.apply(server.opened, streams);
  };
  const why = await server.client.call('why', { params: { guid: 'web' }, query: { index: 0 } }, { signal });
  const request = { kind: 'consoles', doing: true, instanceGuid: 'i1' };
  expect(server.opened).toHaveLength(1);
  expect(server.opened[0]).toMatchObject({ cellId: 'a', request });
  expect(why.instances[0]?.doing).toEqual(doing);
  expect(why.summary).toContain(
    ': its container has run for 40 s and has not passed tcp:80 yet, failed 3 times, last: no \u001b[31mroute; in 10 s that counts as a crash',
  );
});
