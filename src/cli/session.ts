/**
 * One run of a command against the cluster: its client, its way of printing, and the signal that ends it.
 * Every command that talks to the cluster begins with `openSession`.
 */
import type { Command } from 'commander';
import type { Client } from '../api/client.ts';
import type { TlsSource } from '../base/certificates.ts';
import { SkepError } from '../base/core/errors.ts';
import type { ContextRenewal } from './context-renewal.ts';
import { chosenContext, type NamedContext, tlsOf } from './contexts.ts';
import { type Paint, painter, usesColour } from './core/colour.ts';
import { escapeData, escapeLines } from './core/escape.ts';
import { exitCodeOfSignal } from './core/exit-codes.ts';
import { type Column, renderTable } from './core/table.ts';
import { type Format, formatOf, type GlobalFlags } from './flags.ts';
import type { Host, Io } from './io.ts';

export const defaultSocket = '/run/skep/skep.sock';
const defaultAddress = '127.0.0.1:7400';

export interface Session {
  readonly io: Io;
  readonly client: Client;
  /** Where the client speaks to. */
  readonly address: Address;
  /** Whose certificate the client shows; undefined: it shows none. */
  readonly context: NamedContext | undefined;
  readonly flags: GlobalFlags;
  readonly format: Format;
  /** Whether standard output shows colours. */
  readonly colour: boolean;
  readonly paint: Paint;
  /** Aborts at Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
  /** A line on standard output: the result. */
  print(line: string): void;
  /** A line on standard error: progress and notes; silent with -q. */
  note(line: string): void;
  /** Like `note`, but said even with -q. */
  warn(line: string): void;
}

export interface SessionOptions {
  /** Formats beside those of every command. */
  readonly moreFormats?: readonly Format[];
  /** No cluster is asked: a context that cannot be read is not in the way. */
  readonly offline?: boolean;
  /** Ctrl-C is for what the command talks to, not for the command. */
  readonly forwardsInterrupt?: boolean;
}

/** Runs `work` with a session; its result is the exit status. Ctrl-C aborts the session's signal. */
export async function openSession(
  host: Host,
  command: Command,
  work: (session: Session) => Promise<number | undefined>,
  options: SessionOptions = {},
): Promise<void> {
  const { io } = host;
  const flags = command.opts<GlobalFlags>();
  const format = formatOf(flags, options.moreFormats);
  const colour = usesColour(flags.color, io.env, io.stdout.isTTY === true);
  const { createClient } = await import('../api/client.ts');
  const interrupt = new AbortController();
  let endedBy: number | undefined;
  const catchSignal = (name: 'SIGINT' | 'SIGTERM' | 'SIGHUP', number: number) =>
    io.onSignal(name, () => {
      endedBy = exitCodeOfSignal(number);
      interrupt.abort(new SkepError('Cancelled', 'interrupted'));
    });
  const release = [catchSignal('SIGTERM', 15), catchSignal('SIGHUP', 1)];
  if (options.forwardsInterrupt !== true) release.push(catchSignal('SIGINT', 2));
  let isToldStale = false;
  const onStale = (reason: string): void => {
    if (isToldStale) return;
    isToldStale = true;
    io.stderr.write(`skep: what is shown may be old: ${escapeLines(reason)}\n`);
    io.stderr.write(`  hint: 'skep status' tells more; another server may know better: --server HOST:PORT\n`);
  };
  const address: Address =
    options.offline === true ? { socketPath: defaultSocket } : await addressOf(flags, io);
  const context = 'tls' in address ? await chosenContext(flags, io) : undefined;
  const renewal = context === undefined ? undefined : await renewalOf(context, io);
  const session: Session = {
    io,
    flags,
    format,
    colour,
    address,
    context,
    client: createClient({
      ...(renewal === undefined ? address : { ...address, tls: renewal.tls }),
      dial: io.dial,
      clock: io.clock,
      prove: io.prove,
      onStale,
      onTrust: (epoch) => renewal?.noticed(epoch),
    }),
    paint: painter(colour),
    signal: interrupt.signal,
    print: (line) => void io.stdout.write(`${line}\n`),
    note: (line) => void (flags.quiet === true || io.stderr.write(`${line}\n`)),
    warn: (line) => void io.stderr.write(`${line}\n`),
  };
  try {
    const code = await work(session);
    await renewal?.settle(interrupt.signal);
    host.setExit(endedBy ?? code ?? 0);
  } catch (error) {
    if (endedBy === undefined) throw error;
    host.setExit(endedBy);
  } finally {
    for (const stop of release) stop();
  }
}

/** Loaded by those who speak with a certificate: a command on the local socket starts without. */
async function renewalOf(context: NamedContext, io: Io): Promise<ContextRenewal> {
  const { contextRenewal } = await import('./context-renewal.ts');
  return contextRenewal(io, context);
}

export type Address =
  | { readonly baseUrl: string }
  | { readonly socketPath: string }
  | { readonly servers: readonly string[]; readonly tls: TlsSource };

type AddressFlags = Pick<GlobalFlags, 'server' | 'context'>;

/**
 * Where the cluster is: by flags before variables before `skep ctx use`, then the socket of this host's agent, then the
 * loopback port. An address that belongs to the context, or begins with https://, is spoken to with its certificate;
 * others without, so that a throw-away cluster on this machine is reached whatever context is chosen.
 */
export async function addressOf(
  flags: AddressFlags,
  io: Pick<Io, 'env' | 'exists' | 'contexts'>,
): Promise<Address> {
  const source = flags.server === undefined ? 'SKEP_SERVER' : '--server';
  const variable = flags.context === undefined ? io.env['SKEP_SERVER'] || undefined : undefined;
  const given = flags.server ?? variable;
  if (given === undefined) {
    const chosen = await chosenContext(flags, io);
    if (chosen !== undefined) return { servers: chosen.context.servers, tls: tlsOf(chosen.context) };
    return io.exists(defaultSocket) ? { socketPath: defaultSocket } : { baseUrl: `http://${defaultAddress}` };
  }
  if (given.startsWith('/')) return { socketPath: given };
  if (given.startsWith('unix://')) return { socketPath: given.slice('unix://'.length) };
  const server = hostAndPort(given, source);
  const chosen = given.startsWith('http://') ? undefined : await chosenContext(flags, io);
  if (given.startsWith('https://') && chosen === undefined) {
    const message = `${source}: ${JSON.stringify(given)} needs a context, and none is chosen`;
    throw new SkepError('InvalidRequest', message, {
      field: source,
      hint: '`skep ctx ls` lists them: --context NAME',
    });
  }
  const isOurs =
    flags.context !== undefined || given.startsWith('https://') || chosen?.context.servers.includes(server);
  if (chosen === undefined || isOurs !== true) return { baseUrl: `http://${server}` };
  return { servers: [server], tls: tlsOf(chosen.context) };
}

/**
 * Another server of the cluster, spoken to as the first one was. Who came through the local socket is known there and
 * nowhere else: then it is the socket again.
 */
export function anotherServer(first: Address, apiAddress: string): Address {
  if ('socketPath' in first) return first;
  return 'servers' in first ? { servers: [apiAddress], tls: first.tls } : { baseUrl: `http://${apiAddress}` };
}

function hostAndPort(given: string, source: string): string {
  const host = given.replace(/^https?:\/\//, '').replace(/\/$/, '');
  const match = /^([a-zA-Z0-9.-]+|\[[0-9a-fA-F:]+\])(?::(\d{1,5}))?$/.exec(host);
  if (match === null || Number(match[2] ?? 1) < 1 || Number(match[2] ?? 1) > 65_535) {
    const message = `${source}: ${JSON.stringify(given)} is not HOST:PORT or the path of a socket`;
    throw new SkepError('InvalidRequest', message, { field: source, hint: 'for example 127.0.0.1:7400' });
  }
  return `${match[1]}:${match[2] ?? '7400'}`;
}

export interface Listing<T> {
  readonly columns: readonly Column<T>[];
  readonly rows: readonly T[];
  /** What `-o name` prints. */
  nameOf(row: T): string;
  /** What is said, on standard error, when there is no row. */
  readonly none: string;
}

/** Prints rows in the format asked for. */
export async function printListing<T>(session: Session, listing: Listing<T>): Promise<void> {
  const { format, io, flags } = session;
  if (format === 'json' || format === 'yaml') return await printData(session, listing.rows);
  if (format === 'name') {
    for (const row of listing.rows) session.print(listing.nameOf(row));
    return;
  }
  if (listing.rows.length === 0) return session.note(listing.none);
  const maxWidth = format === 'wide' || io.stdout.isTTY !== true ? undefined : io.stdout.columns;
  const options = { headers: flags.headers, wide: format === 'wide', maxWidth };
  for (const line of renderTable(listing.columns, listing.rows, options)) session.print(line);
}

/** Prints data as JSON or, with `-o yaml`, as YAML. */
export async function printData(session: Session, data: unknown): Promise<void> {
  if (session.format === 'yaml') {
    const { stringifySafely } = await import('./yaml.ts');
    session.io.stdout.write(stringifySafely(data));
  } else {
    session.print(escapeData(JSON.stringify(data, null, 2)));
  }
}

/** Whether the output is data for a program, so that nothing else may be printed on standard output. */
export function isData(session: Session): boolean {
  return session.format === 'json' || session.format === 'yaml' || session.format === 'jsonl';
}
