/** Leases, each call by itself: nothing here extends a lease unasked, as the etcd3 package's own would. */
import type { ILeaseGrantResponse } from 'etcd3';
import type { Endpoint, EtcdConnections } from './etcd-connections.ts';
import { EtcdFailure } from './etcd-errors.ts';
import { KeepAlives } from './keep-alive-stream.ts';

export class EtcdLeases {
  readonly #connections: EtcdConnections;
  readonly #keepAlives = new Map<Endpoint, KeepAlives>();

  constructor(connections: EtcdConnections) {
    this.#connections = connections;
  }

  /** etcd counts whole seconds, and raises what is below its own minimum (2 s at our election time-out). */
  async grant(ttlMs: number, signal: AbortSignal): Promise<string> {
    const request = { TTL: Math.max(1, Math.ceil(ttlMs / 1_000)), ID: 0 };
    // One that was granted and never heard of ends by itself.
    const policy = { what: 'lease grant', service: 'Lease', repeatable: true, signal } as const;
    const { ID } = await this.#connections.unary<ILeaseGrantResponse>('leaseGrant', () => request, policy);
    return ID;
  }

  async keepAlive(leaseId: string, signal: AbortSignal): Promise<boolean> {
    const policy = { what: 'lease keep-alive', service: 'Lease', repeatable: true, signal } as const;
    return this.#connections.call<boolean>(policy, (endpoint, resolve, reject) => {
      const takeBack = this.#keepAlivesOf(endpoint).ask(leaseId, { resolve, reject });
      return () => takeBack(!signal.aborted);
    });
  }

  /** Ends the streams: a connection with an open one does not close. */
  close(): void {
    for (const keepAlives of this.#keepAlives.values()) keepAlives.close();
  }

  #keepAlivesOf(endpoint: Endpoint): KeepAlives {
    const known = this.#keepAlives.get(endpoint) ?? new KeepAlives(endpoint);
    this.#keepAlives.set(endpoint, known);
    return known;
  }

  async revoke(leaseId: string, signal: AbortSignal): Promise<void> {
    const policy = { what: 'lease revoke', service: 'Lease', repeatable: true, signal } as const;
    try {
      await this.#connections.unary('leaseRevoke', () => ({ ID: leaseId }), policy);
    } catch (error) {
      if (!(error instanceof EtcdFailure && error.code === 'ResourceNotFound')) throw error;
    }
  }
}
