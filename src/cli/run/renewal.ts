/** Keeps certificates from expiring: looks now and then, renews at two thirds of their life, says so when it cannot. */
import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/core/errors.ts';
import type { Log } from '../../base/log.ts';

const lookEveryMs = 10 * 60_000;

export interface Renewable {
  isDue(now: number): boolean;
  /** Milliseconds since the epoch. */
  readonly endsAt: number;
}

/** Until the signal aborts. A renewal that fails is tried again at the next look. */
export async function keepRenewed(
  certificates: Renewable,
  renew: () => Promise<void>,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    if (certificates.isDue(clock.now())) {
      try {
        await renew();
        log.info('agent.certificate_renewed', { until: new Date(certificates.endsAt).toISOString() });
      } catch (error) {
        if (signal.aborted) return;
        const hoursLeft = Math.floor((certificates.endsAt - clock.now()) / 3_600_000);
        log.error('agent.certificate_not_renewed', { hoursLeft, reason: messageOf(error) });
      }
    }
    await clock.sleep(lookEveryMs, signal).catch(() => undefined);
  }
}
