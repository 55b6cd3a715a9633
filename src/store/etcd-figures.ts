/** What an etcd member tells of its own health: found by etcd/etcd-probe.ts, judged by api/core/doctor-store.ts. */

export interface EtcdFigures {
  /** Why it does not serve; '' when it does. */
  readonly unhealthy: string;
  readonly version: string;
  readonly hasLeader: boolean;
  readonly dbBytes: number;
  /** Of them in use; the rest a defragmentation gives back. */
  readonly dbBytesInUse: number;
  readonly quotaBytes: number;
  /** 99 of 100 syncs of its log took at most so long, since it started; undefined: too few to tell. */
  readonly fsyncP99Ms: number | undefined;
  /** The same of commits to its database. */
  readonly commitP99Ms: number | undefined;
  /** `NOSPACE`, `CORRUPT`. */
  readonly alarms: readonly string[];
}
