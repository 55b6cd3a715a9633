/**
 * The shell of the terminal UI (src/tui/run.ts) with everything around it in memory: a terminal, a server, virtual time;
 * real emulators in the panes.
 */
import { parse, stringify } from 'yaml';
import type { Client } from '../../src/api/client.ts';
import { seededRng } from '../../src/base/core/rng.ts';
import { createConsoles } from '../../src/tui/consoles.ts';
import { allPages } from '../../src/tui/core/all-pages.ts';
import { appParts } from '../../src/tui/core/app-parts.ts';
import { keymapOf } from '../../src/tui/core/keymap.ts';
import { openLogs } from '../../src/tui/log-feed.ts';
import { runTui, type TuiOptions } from '../../src/tui/run.ts';
import { paneEmulator } from '../../src/tui/terminal/emulator.ts';
import { buildActual } from './builders.ts';
import { type FakeClient, fakeClient } from './fake-client.ts';
import { type FakeTerminal, fakeTerminal } from './fake-terminal.ts';
import { darkTheme } from './tui-app.ts';
import { clusterStatus, now, viewData } from './tui-data.ts';
import { detailData, planThatFits } from './tui-details-data.ts';
import { type VirtualClock, virtualClock } from './virtual-clock.ts';

export interface TuiShell {
  readonly clock: VirtualClock;
  readonly terminal: FakeTerminal;
  /** The server that it begins with; it answers with the cluster of tui-data.ts. */
  readonly client: FakeClient;
  /** The exit status. */
  readonly ended: Promise<number>;
}

const instance = buildActual({
  guid: 'web',
  index: 0,
  cellId: 'host-05',
  instanceGuid: 'g-0',
  state: 'RUNNING',
});

/** A server of the fixed cluster, at that address. */
export function clusterServer(clock: VirtualClock, address: string): FakeClient {
  const client = fakeClient({
    clock,
    address,
    rows: (kind) => viewData[kind].slice(0, 200),
    data: detailData,
    answer: (route) => (route === 'plan' ? planThatFits : undefined),
    watched: [{ type: 'snapshot', revision: 1, rows: [{ key: 'web/0', row: instance }] }],
    output: 'a line of output \u001b[31mred\u001b[0m\r\n'.repeat(20),
  });
  client.status = clusterStatus;
  return client;
}

export interface TuiShellOptions
  extends Partial<Pick<TuiOptions, 'remember' | 'editText' | 'problems' | 'contexts'>> {
  /** Another server of the cluster; the one that it began with when there is none. */
  readonly connect?: (clock: VirtualClock, address: string) => Client;
}

const noContexts: TuiOptions['contexts'] = {
  names: [],
  open(name) {
    throw new Error(`there is no context ${name}`);
  },
};

/** Opens the UI on the list of LRPs. */
export function openShell(options: TuiShellOptions = {}): TuiShell {
  const clock = virtualClock(now);
  const terminal = fakeTerminal();
  const client = clusterServer(clock, 'host-01:7400');
  const pages = allPages({ yaml: { parse, stringify } });
  const saveText = (): Promise<string> => Promise.resolve('/dumps/x.txt');
  const { connect, ...rest } = options;
  const ended = runTui({
    terminal,
    first: client,
    connect: (address) => connect?.(clock, address) ?? client,
    clock,
    rng: seededRng(1),
    home: pages.list({ kind: 'lrps' }),
    context: 'test',
    contexts: noContexts,
    settings: { readOnly: false, theme: 'dark', times: 'age', wide: false },
    commandHistory: [],
    problems: [],
    parts: appParts(pages, keymapOf().keymap),
    themeOf: () => darkTheme,
    openLogs: (connection, request, signal) => openLogs({ connection, clock, request, signal }),
    consoles: (shell) =>
      createConsoles({ ...shell, clock, rng: seededRng(2), createEmulator: paneEmulator(256), saveText }),
    editText: () => Promise.resolve(undefined),
    saveText,
    remember: () => undefined,
    ...rest,
  });
  return { clock, terminal, client, ended };
}
