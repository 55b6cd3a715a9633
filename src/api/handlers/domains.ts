/** Domains and their freshness: reference/diego.md 1.18. */
import { withDeadline } from '../../base/clock.ts';
import { SkepError } from '../../base/core/errors.ts';
import type { Domain } from '../../model/cell.ts';
import { domainKey } from '../../store/core/keys.ts';
import { currentState, type Handler, replicaDeadlineMs } from '../context.ts';
import { journal, nounOf, put, write } from '../write.ts';

/** Only fresh ones exist: the others went with their leases. */
export const listDomains: Handler<'listDomains'> = async (context, _input, call) => {
  const state = await currentState(context, call.signal);
  return {
    rows: [...state.domains.values()].map(({ value }) => value).sort((a, b) => (a.name < b.name ? -1 : 1)),
    revision: state.revision,
  };
};

/** Fresh for `ttlSeconds` from now, or for ever with 0; each call begins the time anew. */
export const upsertDomain: Handler<'upsertDomain'> = async (context, { params, body }, call) => {
  const { name } = params;
  const { ttlSeconds } = body;
  const leaseId = ttlSeconds === 0 ? undefined : await lease(context, ttlSeconds * 1_000, call.signal);
  const { revision } = await write(context, call, [domainKey(name)], ([record]) => {
    const before = nounOf('domain', record);
    const domain: Domain = { v: 1, name, ttlSeconds, updatedAt: context.clock.now() };
    const puts = [put(domainKey(name), domain, leaseId)];
    // A client that renews its domain every few seconds must not fill the journal.
    if (before?.ttlSeconds !== ttlSeconds) {
      const message = ttlSeconds === 0 ? 'fresh for ever' : `fresh for ${ttlSeconds} s at a time`;
      puts.push(journal(context, call, { type: 'domain.changed', subject: name, message }));
    }
    return { puts, result: undefined };
  });
  return { revision };
};

function lease(context: Parameters<typeof write>[0], ttlMs: number, signal: AbortSignal): Promise<string> {
  const late = () =>
    new SkepError('Unavailable', 'the store does not answer: no quorum of servers', {
      hint: '`skep status` shows which servers answer; then try again',
    });
  return withDeadline(context.clock, replicaDeadlineMs, signal, late, (inner) =>
    context.bbs.grantLease(ttlMs, { signal: inner }),
  );
}
