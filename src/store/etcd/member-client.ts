/**
 * Calls to etcd members that are about the members themselves. No retries and no circuit breaker inside the
 * client: who asks five times a second whether a member leads must hear the truth each time.
 */
import { Etcd3, type IOptions } from 'etcd3';
import type { Clock } from '../../base/clock.ts';
import { withDeadline } from '../../base/clock.ts';
import { messageOf, SkepError } from '../../base/core/errors.ts';
import { type StoreCredentials, type StoreMaterial, storeTargetName } from './credentials.ts';

type Policy = NonNullable<NonNullable<IOptions['faultHandling']>['global']>;

/** One that was down is heard again soon; gRPC's own pauses grow to two minutes. */
const grpcOptions: NonNullable<IOptions['grpcOptions']> = {
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.min_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1_000,
};

const neverHeard = (): { dispose(): void } => ({ dispose: () => undefined });

/** Runs a call once and passes on what comes of it. */
const once = {
  onSuccess: neverHeard,
  onFailure: neverHeard,
  execute: async (call: (context: { signal: AbortSignal; attempt: number }) => unknown) =>
    call({ signal: new AbortController().signal, attempt: 0 }),
} as unknown as Policy;

export interface MemberClient {
  /** To be asked for at each call: it is made anew when the certificate is. */
  readonly etcd: Etcd3;
  close(): void;
}

/** A client of one member. The caller closes it. */
export function memberClient(clientUrl: string, credentials?: StoreCredentials): MemberClient {
  let made: { readonly etcd: Etcd3; readonly with: StoreMaterial | undefined } | undefined;
  return {
    get etcd() {
      const material = credentials?.();
      if (made !== undefined && made.with === material) return made.etcd;
      made?.etcd.close();
      const options = { hosts: [clientUrl], grpcOptions, faultHandling: { global: once, host: () => once } };
      const secured = material && {
        credentials: material,
        grpcOptions: { ...grpcOptions, ...storeTargetName },
      };
      made = { etcd: new Etcd3({ ...options, ...secured }), with: material };
      return made.etcd;
    },
    close: () => made?.etcd.close(),
  };
}

export interface MemberCall {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly deadlineMs: number;
  /** What is asked, for the error: `etcd member status of http://…`. */
  readonly what: string;
}

/** Runs a call under a deadline. Throws `Unavailable` for everything that etcd or the network says. */
export async function callMember<T>(
  call: MemberCall,
  run: (options: { deadline: number }) => Promise<T>,
): Promise<T> {
  const late = (): SkepError =>
    new SkepError('Unavailable', `${call.what}: no answer within ${call.deadlineMs} ms`, {
      hint: hints.late,
    });
  try {
    return await withDeadline(call.clock, call.deadlineMs, call.signal, late, () =>
      run({ deadline: call.clock.now() + call.deadlineMs }),
    );
  } catch (error) {
    if (call.signal.aborted) throw call.signal.reason;
    if (error instanceof SkepError) throw error;
    throw new SkepError('Unavailable', `${call.what}: ${messageOf(error)}`, {
      hint: hints.failed,
      cause: error,
    });
  }
}

const hints = {
  late: 'etcd answers once a majority of its members is up: look at `skep status` and etcd.log',
  failed: 'is etcd running there? its etcd.log in the data folder says why not',
};

/** etcd's ids travel as decimal text and are written in hexadecimal everywhere else. */
export const hexId = (decimal: string): string => BigInt(decimal).toString(16);
export const decimalId = (hex: string): string => BigInt(`0x${hex}`).toString();
