/** What the doctor says of a host's certificates: they renew themselves with ten of their thirty days left. */
import { spanOf } from './age.ts';
import { type Check, check } from './doctor-shapes.ts';

const dayMs = 24 * 60 * 60 * 1_000;
/** A renewal has failed for two days. */
const lateMs = 8 * dayMs;

/** @param endsAt of the first that ends; undefined: a host without TLS */
export function certificateChecks(endsAt: number | undefined, now: number): Check[] {
  if (endsAt === undefined) return [];
  const leftMs = endsAt - now;
  const why = 'journalctl -u skep | grep certificate_not_renewed; can a server be reached?';
  if (leftMs <= 0) {
    const remedy = 'a cell joins again with a new token (docs/security.md); a server is started again';
    return [check('certificate', 'bad', `expired ${spanOf(-leftMs)} ago`, remedy)];
  }
  const value = `good for ${spanOf(leftMs)}`;
  return [leftMs < lateMs ? check('certificate', 'warn', value, why) : check('certificate', 'ok', value)];
}
