/** Text ⇄ noun. Total: any text is either a checked record or says why it is not one; nothing is thrown. */
import type { z } from 'zod';
import { actualLrpSchema } from '../../model/actual-lrp.ts';
import { revocationSchema } from '../../model/auth.ts';
import { cellPresenceSchema, domainSchema, leaderSchema, serverSchema } from '../../model/cell.ts';
import { brainSettingsSchema, cellSpecSchema } from '../../model/cell-spec.ts';
import { desiredLrpSchema } from '../../model/desired-lrp.ts';
import { journalEventSchema } from '../../model/event.ts';
import { quorumSchema } from '../../model/quorum.ts';
import { rebalanceSchema } from '../../model/rebalance.ts';
import { restoredSchema } from '../../model/restored.ts';
import { rosterSchema } from '../../model/roster.ts';
import { taskSchema } from '../../model/task.ts';
import { trustSchema } from '../../model/trust.ts';
import type { Key } from './keys.ts';
import { quickReads } from './quick-nouns.ts';

const schemas = {
  desired: desiredLrpSchema,
  actual: actualLrpSchema,
  task: taskSchema,
  presence: cellPresenceSchema,
  cellSpec: cellSpecSchema,
  settings: brainSettingsSchema,
  roster: rosterSchema,
  rebalance: rebalanceSchema,
  restored: restoredSchema,
  quorum: quorumSchema,
  domain: domainSchema,
  leader: leaderSchema,
  server: serverSchema,
  revoked: revocationSchema,
  trust: trustSchema,
  event: journalEventSchema,
} as const satisfies Record<Key['kind'], z.ZodType>;

/** The noun that a kind of key holds. */
export type Noun<K extends Key['kind'] = Key['kind']> = z.infer<(typeof schemas)[K]>;

export type Decoded<K extends Key['kind']> =
  | { readonly ok: true; readonly value: Noun<K> }
  | { readonly ok: false; readonly reason: string };

export function encode(value: Noun): string {
  return JSON.stringify(value);
}

export function decode<K extends Key['kind']>(kind: K, text: string): Decoded<K> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { ok: false, reason: 'is not JSON' };
  }
  const quick = quickReads[kind]?.(json);
  if (quick !== undefined) return { ok: true, value: quick as Noun<K> };
  const parsed = schemas[kind].safeParse(json);
  if (parsed.success) return { ok: true, value: parsed.data as Noun<K> };
  const issue = parsed.error.issues[0];
  return { ok: false, reason: `${issue?.path.join('.') || 'record'}: ${issue?.message ?? 'is malformed'}` };
}
