/** What a server stands on once etcd runs: made by quorum.ts, used by everything of the server. */
import type { Bbs } from '../../store/bbs.ts';
import type { Election } from '../../store/election.ts';
import type { Asking, MemberStatus, Members } from '../../store/members.ts';
import type { ReadPages } from '../../store/record-pages.ts';

export interface StoreAccess {
  readonly bbs: Bbs;
  /** Everything in it, for backups. */
  readonly pages: ReadPages;
  readonly election: Election;
  readonly members: Members | undefined;
  /** What each member that answers says of itself, by member id; undefined with an outside etcd. */
  readonly memberStatuses: ((options: Asking) => Promise<ReadonlyMap<string, MemberStatus>>) | undefined;
  /** Why the store cannot serve now; '' when it can. */
  health(): string;
}
