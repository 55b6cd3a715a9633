/** The rows that can be played, in the order in which all of them are. */
import type { RowDefinition } from '../row.ts';
import { asymmetric, blips, cellLost, lostTwice, massLoss, zombie } from './cells.ts';
import { allKilled, leaderKilled, leaderPaused, majorityLost, minority, serverFlaps } from './servers.ts';

export { setUp } from './set-up.ts';

export const rows: readonly RowDefinition[] = [
  leaderKilled,
  leaderPaused,
  minority,
  majorityLost,
  cellLost,
  blips,
  zombie,
  asymmetric,
  serverFlaps,
  massLoss,
  lostTwice,
  allKilled,
];
