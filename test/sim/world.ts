/** What every part of a simulation shares. */
import type { Clock } from '../../src/base/clock.ts';
import type { Rng } from '../../src/base/core/rng.ts';
import type { EventLog } from './event-log.ts';
import type { Images } from './images.ts';
import type { Network } from './network.ts';

export interface World {
  readonly clock: Clock;
  /** Everything that is drawn comes from it, in the order in which it is asked. */
  readonly rng: Rng;
  readonly log: EventLog;
  readonly network: Network;
  readonly images: Images;
}
