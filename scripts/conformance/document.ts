/** Renders docs/diego-conformance.md from the sections and the markers, and says what is wrong with them. Pure. */
import { type Behaviour, behaviourCount, doesMaxChars, type Section } from './behaviour.ts';
import type { MarkedTest, Markers } from './markers.ts';

type Status = 'passes' | 'differs' | 'not yet';

const testsShown = 3;

/** What must not be: a number missing or twice, nothing known about one, two things that exclude each other. */
export function problemsOf(sections: readonly Section[], markers: Markers): string[] {
  const problems = [...markers.problems];
  const seen = new Set<number>();
  for (const { behaviours } of sections) {
    for (const [key, behaviour] of Object.entries(behaviours)) {
      const number = Number(key);
      if (seen.has(number)) problems.push(`${number} is in two sections`);
      seen.add(number);
      problems.push(...faultsOf(behaviour, markers.tests.has(number)).map((fault) => `${number} ${fault}`));
    }
  }
  for (let number = 1; number <= behaviourCount; number++) {
    if (!seen.delete(number)) problems.push(`${number} is missing`);
  }
  for (const number of seen) problems.push(`${number} is not within 1 to ${behaviourCount}`);
  return problems;
}

function faultsOf({ does, differs, notYet, partly }: Behaviour, isTested: boolean): string[] {
  const faults: string[] = [];
  const verdicts = [differs, notYet, partly].filter((verdict) => verdict !== undefined);
  if (does.length > doesMaxChars) faults.push(`is told in ${does.length} characters, over ${doesMaxChars}`);
  if (verdicts.length > 1) faults.push('has more than one of differs, notYet and partly');
  if (verdicts.some((verdict) => verdict.trim() === '')) faults.push('gives no reason');
  if (verdicts.length === 0 && !isTested) faults.push('has no test: mark one, or say differs or notYet');
  if (notYet !== undefined && isTested)
    faults.push('is "not yet" and has a test: drop notYet, or say partly');
  if (partly !== undefined && !isTested) faults.push('is there in part and no test shows it: say notYet');
  return faults;
}

function statusOf({ differs, notYet, partly }: Behaviour): Status {
  if (differs !== undefined) return 'differs';
  return notYet === undefined && partly === undefined ? 'passes' : 'not yet';
}

export interface Totals {
  readonly passes: number;
  readonly differs: number;
  readonly differsTested: number;
  readonly notYet: number;
  readonly partly: number;
}

export function totalsOf(sections: readonly Section[], { tests }: Markers): Totals {
  const rows = sections.flatMap(({ behaviours }) => Object.entries(behaviours));
  const count = (holds: (behaviour: Behaviour, number: number) => boolean): number =>
    rows.filter(([key, behaviour]) => holds(behaviour, Number(key))).length;
  return {
    passes: count((behaviour) => statusOf(behaviour) === 'passes'),
    differs: count((behaviour) => statusOf(behaviour) === 'differs'),
    differsTested: count((behaviour, number) => statusOf(behaviour) === 'differs' && tests.has(number)),
    notYet: count((behaviour) => statusOf(behaviour) === 'not yet'),
    partly: count((behaviour) => behaviour.partly !== undefined),
  };
}

export function renderDocument(sections: readonly Section[], markers: Markers): string {
  const totals = totalsOf(sections, markers);
  const head = `# Conformance with Diego

Written by \`npm run conformance -- --write\`; what it knows is in \`scripts/conformance/\` and in the names of
tests, which carry markers such as \`[diego 42]\`. Do not edit it by hand: \`test/repo/conformance.test.ts\` compares.

One row for each behaviour that Diego's own tests verify, restated in our words and numbered as in the reference that
Skep was built from (\`diego.md\`, section 2). *Passes*: a test of ours shows it. *Differs*: Skep does otherwise on
purpose, and why; a test is named where one shows what Skep does instead. *Not yet*: what would bring it; *in part*
when some of it is there and tested.

| status | behaviours |
|---|---:|
| passes | ${totals.passes} |
| differs on purpose | ${totals.differs} (${totals.differsTested} with a test) |
| not yet | ${totals.notYet} (${totals.partly} of them in part) |
| all | ${behaviourCount} |
`;
  return [head, ...sections.map((section) => renderSection(section, markers))].join('\n');
}

function renderSection({ title, behaviours }: Section, { tests }: Markers): string {
  const rows = Object.entries(behaviours).map(([key, behaviour]) =>
    renderRow(Number(key), behaviour, tests.get(Number(key)) ?? []),
  );
  return [
    `## ${title}`,
    '',
    '| # | behaviour | status | why, what is missing, or the test |',
    '|---:|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

function renderRow(number: number, behaviour: Behaviour, tests: readonly MarkedTest[]): string {
  const reason = behaviour.differs ?? behaviour.notYet ?? behaviour.partly;
  const shown = tests
    .slice(0, testsShown)
    .map(({ path, name }) => `[${fileName(path)}](../${path}): ${cell(name)}`);
  if (tests.length > testsShown) shown.push(`and ${tests.length - testsShown} more`);
  const detail = [...(reason === undefined ? [] : [cell(reason)]), ...shown].join('<br>');
  const status = behaviour.partly === undefined ? statusOf(behaviour) : 'not yet, in part';
  return `| ${number} | ${cell(behaviour.does)} | ${status} | ${detail} |`;
}

const fileName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** Text that stays within its cell and means nothing to Markdown. */
function cell(text: string): string {
  return text.replace(/[\\|*_<>[\]]/g, (character) => `\\${character}`);
}
