import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ApiServer, startApiServer } from '../../../test/kit/api-server.ts';
import { buildActual, buildCell, buildDesired, buildTask } from '../../../test/kit/builders.ts';
import type { SkepError } from '../../base/core/errors.ts';
import { wsDial } from '../../base/node/ws-socket.ts';
import type { Socket } from '../../base/socket.ts';
import type { ActualLrp } from '../../model/actual-lrp.ts';
import { encode } from '../../store/core/codec.ts';
import { actualKey, desiredKey, eventKey, presenceKey, taskKey } from '../../store/core/keys.ts';
import type { ViewFeed } from '../client.ts';
import { socketPaths } from '../core/paths.ts';
import type { ViewKind, ViewMessage, ViewQuery, ViewRow } from '../core/view-shapes.ts';

let server: ApiServer;
let limits: { signal: AbortSignal };
beforeEach(async () => {
  server = await startApiServer();
  limits = { signal: server.signal };
});
afterEach(() => server.close());

type Rows = Extract<ViewMessage, { type: 'rows' }> & { readonly rows: readonly ViewRow[] };

const query = (kind: ViewKind, change: Partial<ViewQuery> = {}): ViewQuery => ({
  kind,
  window: { start: 0, count: 10 },
  ...change,
});
const seed = (...lrps: ActualLrp[]) =>
  server.seed({
    puts: lrps.map((lrp) => ({
      key: actualKey(lrp.guid, lrp.index, lrp.presence.toLowerCase() as 'ordinary'),
      value: encode(lrp),
    })),
  });
const running = (index: number, cellId = 'cell-1', guid = 'web'): ActualLrp =>
  buildActual({ guid, index, state: 'RUNNING', cellId, routable: true });

/** Reads a feed message by message. */
class Reader {
  readonly #iterator: AsyncIterator<ViewMessage>;
  constructor(feed: ViewFeed) {
    this.#iterator = feed.messages[Symbol.asyncIterator]();
  }

  async next(): Promise<ViewMessage> {
    const { value, done } = await this.#iterator.next();
    if (done === true) throw new Error('the feed has ended');
    return value as ViewMessage;
  }

  /** The first message with rows for which the condition holds. */
  async rows(condition: (message: Rows) => boolean = () => true): Promise<Rows> {
    for (;;) {
      const message = await this.next();
      if (message.type === 'refused') throw new Error(message.message);
      if (message.type === 'rows' && condition(message as Rows)) return message as Rows;
    }
  }
}
const open = async (asked: ViewQuery): Promise<{ feed: ViewFeed; reader: Reader }> => {
  const feed = await server.client.view(asked, limits);
  return { feed, reader: new Reader(feed) };
};
const keys = ({ rows }: Rows): string[] => rows.map(({ key }) => key);

describe('a view', () => {
  test('shows its window in natural order, the totals and the counts, then what changes', async () => {
    await seed(running(10), running(2), buildActual({ index: 1 }));
    const { reader, feed } = await open(query('instances'));
    const first = await reader.rows();
    expect(first).toMatchObject({ seq: 1, stale: '', total: 3, matched: 3, start: 0 });
    expect(first.counts).toEqual({ RUNNING: 2, UNCLAIMED: 1 });
    expect(keys(first)).toEqual(['web/1', 'web/2', 'web/10']);
    expect(first.rows[1]?.values).toMatchObject({ state: 'RUNNING', cell: 'cell-1', ready: true });
    await seed(running(1));
    const second = await reader.rows();
    expect(second.counts).toEqual({ RUNNING: 3 });
    expect(second.rows[0]?.values).toMatchObject({ state: 'RUNNING' });
    // What has not changed is the object that it was.
    expect(second.rows[2]).toBe(first.rows[2]);
    await server.seed({ deletes: [actualKey(running(2).guid, 2)] });
    expect(keys(await reader.rows(({ total }) => total === 2))).toEqual(['web/1', 'web/10']);
    feed.close();
  });
});
