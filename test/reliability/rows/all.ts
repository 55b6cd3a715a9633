/** The rows that can be played, in the order in which all of them are. */
import type { RowDefinition } from '../row.ts';
import { asymmetric, blips, cellLost, lostTwice, massLoss, zombie } from './cells.ts';
import { allKilled, leaderKilled, leaderPaused, majorityLost, minority, serverFlaps } from './servers.ts';
import {
  compacted,
  corruptRecords,
  memberReplaced,
  outOfSpace,
  restored,
  slowConsumers,
  upgraded,
} from './store.ts';

export { setUp } from './set-up.ts';

export const rows: readonly RowDefinition[] = [
  leaderKilled,
  leaderPaused,
  minority,
  majorityLost,
  memberReplaced,
  cellLost,
  blips,
  zombie,
  asymmetric,
  serverFlaps,
  slowConsumers,
  compacted,
  massLoss,
  outOfSpace,
  corruptRecords,
  lostTwice,
  allKilled,
  upgraded,
  restored,
];
