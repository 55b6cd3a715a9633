/** What a client is made with: whom it speaks to, as whom, and what it has of the outside. */
import type { TlsSource } from '../../base/certificates.ts';
import type { Clock } from '../../base/clock.ts';
import type { Dial } from '../../base/socket.ts';
import type { Prove } from './local-ticket.ts';

export interface ClientOptions {
  /** One of the three: a path, an address such as `http://127.0.0.1:7400`, or `host:port` of several servers. */
  readonly socketPath?: string | undefined;
  readonly baseUrl?: string | undefined;
  readonly servers?: readonly string[] | undefined;
  /** Who we are and whom we believe; without it only plain HTTP is spoken. */
  readonly tls?: TlsSource | undefined;
  /** Opens WebSockets: base/node/ws-socket.ts. */
  readonly dial: Dial;
  readonly clock: Clock;
  /** Makes the file that proves our user on the unix socket; without it we are nobody there. */
  readonly prove?: Prove | undefined;
  /** Told for each answer that may be old, with the reason: the server has lost touch with the store. */
  onStale?: ((reason: string) => void) | undefined;
  /** Told with each answer the epoch of trust of the cluster (model/trust.ts). */
  onTrust?: ((epoch: number) => void) | undefined;
}
