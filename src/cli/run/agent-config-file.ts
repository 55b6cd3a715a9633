/** Reads an agent's YAML file and puts the flags over it; what is wrong is told with file, line and field. */
import { existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { type Document, isMap, isNode, LineCounter, parseDocument } from 'yaml';
import { messageOf, SkepError } from '../../base/core/errors.ts';
import { type AgentConfig, type ConfigProblem, checkAgentConfig } from '../core/agent-config.ts';
import { asTold } from './serving-file.ts';

export const defaultConfigPath = '/etc/skep/agent.yaml';

/** Settings as nested plain objects, from flags. */
export type ConfigOverrides = { readonly [name: string]: unknown };

/**
 * The checked configuration. A file that is named must exist; the default one may be missing.
 * @throws SkepError InvalidConfig with every problem, one a line: `FILE:LINE: FIELD: REASON`
 */
export function loadAgentConfig(path: string | undefined, flags: ConfigOverrides): AgentConfig {
  const file = path ?? defaultConfigPath;
  const source = readSource(file, path !== undefined);
  const lines = new LineCounter();
  const document = parseDocument(source, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const broken = document.errors[0];
  if (broken !== undefined) {
    const { line, col } = lines.linePos(broken.pos[0]);
    throw new SkepError('InvalidConfig', `${file}:${line}:${col}: not valid YAML: ${broken.message}`);
  }
  const content: unknown = document.toJS() ?? {};
  if (typeof content !== 'object' || Array.isArray(content)) {
    throw new SkepError('InvalidConfig', `${file}:1: must hold settings such as "name: host-a"`);
  }
  const merged = merge({ name: defaultName() }, content as ConfigOverrides, flags);
  const checked = checkAgentConfig(merged);
  if (checked.ok) return asTold(checked.config);
  const reports = checked.problems.map((problem) =>
    report(problem, { file, document, lines, flags, merged }),
  );
  throw new SkepError('InvalidConfig', reports.join('\n'), {
    field: String(checked.problems[0]?.path.join('.')),
    hint: 'every setting is described in docs/configuration.md and "skep agent --help"',
  });
}

function defaultName(): string {
  return hostname().replace(/[^a-zA-Z0-9._-]/g, '-') || 'host';
}

function readSource(file: string, mustExist: boolean): string {
  if (!mustExist && !existsSync(file)) return '';
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new SkepError('InvalidConfig', `${file}: cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Later ones win, object by object. */
function merge(...layers: ConfigOverrides[]): Record<string, unknown> {
  const result: Record<string, unknown> = {};
  for (const layer of layers) {
    for (const [name, value] of Object.entries(layer)) {
      if (value === undefined) continue;
      const before = result[name];
      result[name] = isPlain(before) && isPlain(value) ? merge(before, value) : value;
    }
  }
  return result;
}

interface Origin {
  readonly file: string;
  readonly document: Document;
  readonly lines: LineCounter;
  readonly flags: ConfigOverrides;
  readonly merged: ConfigOverrides;
}

function report(problem: ConfigProblem, origin: Origin): string {
  const field = problem.path.join('.') || '(file)';
  const value = valueAt(origin.merged, problem.path);
  const shown = value === undefined || isPlain(value) ? '' : ` (it is ${JSON.stringify(value)})`;
  const where = valueAt(origin.flags, problem.path) === undefined ? inFile(problem.path, origin) : 'flag';
  return `${where}: ${field}: ${problem.reason}${shown}`;
}

function valueAt(from: unknown, path: readonly PropertyKey[]): unknown {
  let value = from;
  for (const part of path) value = (value as Record<PropertyKey, unknown> | undefined)?.[part];
  return value;
}

/** The line of the field, or of the nearest thing around it that the file has. */
function inFile(path: readonly PropertyKey[], { file, document, lines }: Origin): string {
  for (let depth = path.length; depth > 0; depth--) {
    const offset = offsetOf(document, path.slice(0, depth));
    if (offset !== undefined) return `${file}:${lines.linePos(offset).line}`;
  }
  return file;
}

function offsetOf(document: Document, path: readonly PropertyKey[]): number | undefined {
  const parent: unknown = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  if (isMap(parent)) {
    const pair = parent.items.find((item) => String(item.key) === String(path.at(-1)));
    if (pair !== undefined && isNode(pair.key)) return pair.key.range?.[0];
  }
  const node: unknown = document.getIn(path, true);
  return isNode(node) ? node.range?.[0] : undefined;
}
