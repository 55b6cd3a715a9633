/** `skep doctor`: everything that can be looked at, each with a verdict, a figure and what to type. */
import { resolve } from 'node:path';
import { Command } from 'commander';
import type { Check, Verdict } from '../../api/core/doctor-shapes.ts';
import type { Colour } from '../core/colour.ts';
import { escapeText } from '../core/escape.ts';
import { plural } from '../core/format.ts';
import { withGlobals } from '../flags.ts';
import type { Host } from '../io.ts';
import { openSession, printData, type Session } from '../session.ts';
import { writeBundle } from './bundle.ts';
import { type Examination, examine } from './examine.ts';

const manual = `
Looks at this host, also while its agent is down, at every server, every cell and the cluster:
engine, disk, memory, kernel, clocks, ports, etcd, backups, quorum, versions. Each
finding has its remedy, to be typed. Nothing is changed; a few KiB are written to the
data folder and removed, to see how long the disk takes.

Exit status 0, or 1 when something is bad. Warnings alone are 0.

With --bundle everything that helps somebody else to find a fault goes into one
archive: the findings, status, settings, events, metrics, the ends of the logs. No
environment of an LRP or task is in it, and what looks like a secret is taken out.

Examples:
  $ skep doctor
  $ skep doctor --json
  $ skep doctor --bundle /tmp/skep-report.tar.gz`;

interface Flags {
  readonly config?: string;
  readonly json?: boolean;
  readonly bundle?: string;
}

export function doctorCommand(host: Host): Command {
  const command = new Command('doctor')
    .summary('examine hosts and cluster, with a remedy for each finding')
    .description('Examines this host, the servers and the cluster.')
    .option('--config <file>', "this host's agent's settings (default: /etc/skep/agent.yaml if it exists)")
    .option('--json', 'the same as -o json')
    .option('--bundle <file>', 'write an archive for a report, without secrets')
    .addHelpText('after', manual)
    .action((flags: Flags) => openSession(host, command, (session) => doctor(session, flags)));
  return withGlobals(command);
}

async function doctor(session: Session, { config, json, bundle }: Flags): Promise<number> {
  const examination = await examine(session, config);
  const counts = countVerdicts(examination);
  if (json === true || session.format === 'json' || session.format === 'yaml') {
    const { at, groups } = examination;
    await printData(session, { at, ...counts, groups });
  } else printGroups(session, examination, counts);
  if (bundle !== undefined) {
    const { files, bytes } = await writeBundle(session, examination, resolve(bundle));
    session.note(
      `${plural(files, 'file')}, ${bytes} bytes: ${resolve(bundle)}; look through it before you send it`,
    );
  }
  return counts.bad > 0 ? 1 : 0;
}

type Counts = Readonly<Record<Verdict, number>>;

function countVerdicts({ groups }: Examination): Counts {
  const counts = { ok: 0, warn: 0, bad: 0, unknown: 0 };
  for (const { checks } of groups) for (const { verdict } of checks) counts[verdict] += 1;
  return counts;
}

const colours: Readonly<Record<Verdict, Colour>> = {
  ok: 'green',
  warn: 'yellow',
  bad: 'red',
  unknown: 'dim',
};

function printGroups(session: Session, { groups }: Examination, counts: Counts): void {
  for (const { name, checks } of groups) {
    // There may be a thousand cells: of each only what is to be done, the rest as a number.
    const shown = name.startsWith('cell ') ? checks.filter(({ verdict }) => verdict !== 'ok') : checks;
    const hidden = checks.length - shown.length;
    const note = hidden === 0 ? '' : `  ${hidden} ok`;
    session.print(`${session.paint('bold', escapeText(name))}${note}`);
    const width = Math.max(0, ...shown.map(({ id }) => id.length));
    for (const found of shown) for (const line of linesOf(session, found, width)) session.print(line);
  }
  const { ok, warn, bad, unknown } = counts;
  const rest = unknown === 0 ? '' : `, ${unknown} could not be looked at`;
  session.print(`${ok} ok, ${plural(warn, 'warning')}, ${bad} bad${rest}`);
}

function linesOf({ paint }: Session, { id, verdict, value, remedy }: Check, width: number): string[] {
  const mark = paint(colours[verdict], verdict.padEnd(7));
  const line = `  ${mark} ${id.padEnd(width)}  ${escapeText(value)}`;
  return remedy === undefined ? [line] : [line, `          ${' '.repeat(width)}  → ${escapeText(remedy)}`];
}
