/**
 * `skep ui --plain`: a page of the terminal UI as plain lines, for screen readers and for terminals that cannot place a
 * cursor. Prints and ends, or with `--watch` goes on with what changes, a line each. Loaded when it is asked for.
 */
import { type Client, createClient } from '../../api/client.ts';
import type { RouteInput, RouteName } from '../../api/core/routes.ts';
import { type ViewKind, type ViewQuery, viewKinds, windowRowsMax } from '../../api/core/view-shapes.ts';
import { SkepError } from '../../base/core/errors.ts';
import { seededRng } from '../../base/core/rng.ts';
import type { Millis } from '../../model/ids.ts';
import { startConnection } from '../../tui/connection.ts';
import { allPages } from '../../tui/core/all-pages.ts';
import { startApp } from '../../tui/core/app.ts';
import { commandLanguage } from '../../tui/core/commands.ts';
import type { Yaml } from '../../tui/core/dialogs/edit-dialog.ts';
import type { Data, Page, PageContext, Want } from '../../tui/core/page.ts';
import { changeLines, rowLine, totalsLine, type ViewRows } from '../../tui/core/plain.ts';
import { createFeeds } from '../../tui/feeds.ts';
import { escapeText } from '../core/escape.ts';
import { type Address, anotherServer, type Session } from '../session.ts';

export interface PlainOptions {
  readonly session: Session;
  /** As typed after `:` in the UI: `cells`, `instances web /state:CRASHED`, `describe web`. */
  readonly view: string;
  readonly watch: boolean;
  readonly yaml: Yaml;
}

/** No lines are lost to the edge of a terminal: there is none. */
const size = { columns: 200, rows: 10_000 };
const settings = { readOnly: false, theme: 'mono', times: 'age', wide: true } as const;
/** More changes than these at one time nobody listens to. */
const changesMax = 20;
/** A page that wants more after it was fed is fed again, so many times. */
const roundsMax = 3;

/**
 * Resolves with the exit status. Throws `InvalidRequest` with what to use instead for what cannot be printed, and what
 * the client throws when the cluster cannot be reached.
 */
export async function runPlain(options: PlainOptions): Promise<number> {
  const { session, watch } = options;
  const page = pageOf(options);
  const list = listOf(page);
  if (list !== undefined && watch) return await watchList(session, list);
  if (watch)
    throw new SkepError('InvalidRequest', `--watch: "${options.view}" is no list`, {
      hint: `lists are ${viewKinds.join(', ')}; 'skep events -f' tells what happens`,
    });
  if (list !== undefined) await printList(session, list);
  else for (const line of await linesOf(session, page)) await say(session, line);
  return 0;
}

function pageOf({ session, view, yaml }: PlainOptions): Page {
  const pages = allPages({ yaml });
  const now = session.io.clock.now() as Millis;
  const model = startApp(
    {
      now,
      size,
      settings,
      context: '',
      commandHistory: [],
      connection: { server: session.client.address, state: 'connecting', since: now, reason: '' },
    },
    pages.pulses(),
  );
  const effects = commandLanguage(pages).runCommand(view, model);
  for (const effect of effects) {
    if (effect.do === 'open' && isPrintable(effect.page)) return effect.page;
    const other = effect.do === 'open' ? effect.page : effect.do === 'dialog' ? effect.dialog : undefined;
    const command = other?.command({ now, cluster: '', size, settings }) ?? '';
    if (other !== undefined)
      throw refused(view, command === '' ? 'skep --help lists the commands' : `use: ${command}`);
    if (effect.do === 'flash') throw new SkepError('InvalidRequest', effect.text, { hint: effect.hint });
  }
  throw refused(view, `what can be: ${viewKinds.join(', ')}, pulses, brain, 'describe NAME', 'why NAME'`);
}

const refused = (view: string, hint: string): SkepError =>
  new SkepError('InvalidRequest', `--plain: "${view}" cannot be printed`, { hint });

const isPrintable = ({ wants }: Page): boolean =>
  !wants.some(({ kind }) => kind === 'logs' || kind === 'consoles');

interface List {
  readonly kind: ViewKind;
  readonly query: ViewQuery;
}

function listOf({ kind, wants }: Page): List | undefined {
  const [want] = wants;
  const listed = viewKinds.find((each) => each === kind);
  return listed === undefined || want?.kind !== 'view' ? undefined : { kind: listed, query: want.query };
}

async function printList(session: Session, { kind, query }: List): Promise<void> {
  const { clock } = session.io;
  for (let start = 0; ; start += windowRowsMax) {
    const message = await askView(session, { ...query, window: { start, count: windowRowsMax } });
    if (start === 0) await say(session, totalsLine(kind, message));
    for (const row of message.rows)
      if (typeof row !== 'string') await say(session, rowLine(kind, row, clock.now()));
    if (message.rows.length < windowRowsMax) return;
  }
}

async function askView({ client, signal }: Session, query: ViewQuery): Promise<ViewRows> {
  const { anchorAt: _, ...message } = await client.call(
    'view',
    { query: { q: JSON.stringify(query) } },
    { signal },
  );
  return message;
}

/** The page with everything that it wants, but for measurements, which are never over. */
async function linesOf(session: Session, start: Page): Promise<readonly string[]> {
  const { client, signal, io } = session;
  const status = await client.call('status', {}, { signal });
  const context: PageContext = {
    now: io.clock.now() as Millis,
    cluster: client.address,
    size,
    settings,
    status,
  };
  let page = start;
  const fed = new Set<string>();
  for (let round = 0; round < roundsMax; round += 1) {
    for (const want of page.wants.filter((each) => !fed.has(JSON.stringify(each)))) {
      fed.add(JSON.stringify(want));
      const data = await dataOrBroken(session, want, want.id === start.wants[0]?.id);
      if (data !== undefined) ({ page } = page.on({ kind: 'data', want: want.id, data }, context));
    }
  }
  return page.lines(context);
}

/** @param isMain what the page is about: without it there is no page; what goes beside may be missing */
async function dataOrBroken(session: Session, want: Want, isMain: boolean): Promise<Data | undefined> {
  try {
    return await dataOf(session, want);
  } catch (error) {
    if (isMain || !(error instanceof SkepError)) throw error;
    return { kind: 'broken', error: error.toBody() };
  }
}

async function dataOf(session: Session, want: Want): Promise<Data | undefined> {
  const { client, signal } = session;
  switch (want.kind) {
    case 'view':
      return { kind: 'view', message: await askView(session, want.query) };
    case 'poll':
      // The page made the input with the route's own type: core/page.ts `poll`.
      return {
        kind: 'answer',
        value: await client.call(want.route, want.input as RouteInput<RouteName>, { signal }),
      };
    case 'events': {
      const query = { limit: 50, ...(want.subject === undefined ? {} : { subject: want.subject }) };
      return { kind: 'events', events: (await client.call('listEvents', { query }, { signal })).rows };
    }
    default:
      return undefined;
  }
}

/** Until Ctrl-C. Moves to another server as the UI does, and says so. */
async function watchList(session: Session, { kind, query }: List): Promise<number> {
  const { io, signal } = session;
  const rng = seededRng(io.clock.now());
  const connect = (address: Address): Client =>
    createClient({ ...address, dial: io.dial, clock: io.clock, prove: io.prove });
  const connection = startConnection({
    first: connect(session.address),
    connect: (apiAddress) => connect(anotherServer(session.address, apiAddress)),
    clock: io.clock,
    rng,
    signal,
    onStatus: () => undefined,
    onConnection: ({ state, server, reason }) => {
      if (state !== 'connected') void say(session, `no server answers, trying again: ${reason}`);
      else if (reason !== '') void say(session, `${server}: what follows may be old: ${reason}`);
    },
    onMoved: (from, to) => void say(session, `now on ${to}: ${from} does not answer`),
  });
  const teller = createTeller(session, kind);
  return await new Promise<number>((resolve, reject) => {
    const feeds = createFeeds({
      connection,
      clock: io.clock,
      rng,
      ownConsoles: () => [],
      openLogs: () => {
        throw new SkepError('Internal', 'a list wants no logs');
      },
      deliver(_page, _want, data) {
        if (data.kind !== 'view') return;
        if (data.message.type === 'rows') teller.take(data.message);
        else if (data.message.type === 'refused')
          reject(new SkepError('InvalidRequest', data.message.message, { hint: data.message.hint }));
      },
    });
    const window = { start: 0, count: windowRowsMax };
    feeds.sync([{ page: 'plain', want: { kind: 'view', id: 'rows', query: { ...query, window } } }]);
    signal.addEventListener(
      'abort',
      () => {
        feeds.stop();
        resolve(0);
      },
      { once: true },
    );
  });
}

/** Tells what is new in each message; while nobody takes what was said, only the newest message is kept. */
function createTeller(session: Session, kind: ViewKind): { take(message: ViewRows): void } {
  const { clock } = session.io;
  let before: ReadonlyMap<string, Exclude<ViewRows['rows'][number], string>> | undefined;
  let newest: ViewRows | undefined;
  let isTelling = false;

  function news({ rows, matched, total, counts }: ViewRows): readonly string[] {
    const after = new Map(rows.flatMap((row) => (typeof row === 'string' ? [] : [[row.key, row] as const])));
    const known = before;
    before = after;
    const isWhole = matched <= after.size;
    if (known !== undefined) return changeLines(kind, known, after, clock.now(), isWhole);
    const partly = isWhole ? [] : [`only the first ${after.size} are watched: a filter makes it fewer`];
    const all = [...after.values()].map((row) => rowLine(kind, row, clock.now()));
    return [totalsLine(kind, { matched, total, counts }), ...all, ...partly];
  }

  async function tell(): Promise<void> {
    isTelling = true;
    for (let message = newest; message !== undefined; message = newest) {
      newest = undefined;
      const isFirst = before === undefined;
      const lines = news(message);
      const shown = isFirst ? lines : lines.slice(0, changesMax);
      for (const line of shown) await say(session, line);
      if (shown.length < lines.length) await say(session, `and ${lines.length - shown.length} more changes`);
    }
    isTelling = false;
  }

  return {
    take(message) {
      newest = message;
      if (!isTelling) void tell();
    },
  };
}

/** Resolves when whoever listens can take more. Everything comes from the network: it is escaped. */
async function say({ io }: Session, line: string): Promise<void> {
  if (io.stdout.write(`${escapeText(line)}\n`)) return;
  await new Promise<void>((resolve) => io.stdout.once('drain', resolve));
}
