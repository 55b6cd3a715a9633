/** Keeps certificates from expiring: looks now and then, renews at two thirds of their life, says so when it cannot. */
import { type Clock, pause } from '../../base/clock.ts';
import { messageOf } from '../../base/core/errors.ts';
import type { Log } from '../../base/log.ts';

const lookEveryMs = 10 * 60_000;
const firstRetryMs = 2_000;

export interface Renewable {
  isDue(now: number): boolean;
  /** Milliseconds since the epoch. */
  readonly endsAt: number;
  /** Aborts when something became due in between; another one each time it is asked for. */
  readonly woken?: AbortSignal | undefined;
}

/** Until the signal aborts. A renewal that fails is tried again with longer and longer pauses. */
export async function keepRenewed(
  certificates: Renewable,
  renew: () => Promise<void>,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  signal: AbortSignal,
): Promise<void> {
  let failures = 0;
  while (!signal.aborted) {
    const { woken } = certificates;
    if (certificates.isDue(clock.now())) {
      try {
        await renew();
        failures = 0;
        log.info('agent.certificate_renewed', { until: new Date(certificates.endsAt).toISOString() });
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        const hoursLeft = Math.floor((certificates.endsAt - clock.now()) / 3_600_000);
        log.error('agent.certificate_not_renewed', { hoursLeft, reason: messageOf(error) });
      }
    }
    const pauseMs = failures === 0 ? lookEveryMs : Math.min(lookEveryMs, firstRetryMs * 2 ** (failures - 1));
    const until = woken === undefined ? signal : AbortSignal.any([signal, woken]);
    await pause(clock, pauseMs, until);
  }
}
