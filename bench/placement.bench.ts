/**
 * Placement decisions a second: Diego's mix of 250,000 instances on 1,250 empty cells in one auction, against
 * a plain scan of all cells. The scan's cost per placement depends on the cells only, so it gets a tenth of
 * the work. `cost_ratio` is the cost of one placement at 1,250 cells over that at 100, for the same work: 16,000
 * instances, again and again, since what 250,000 cost in memory says nothing of the cells.
 */
import type { AuctionCell } from '../src/model/auction.ts';
import { auctionMixCells, auctionMixWork, auctionRate, scanRate } from './auction-mix.ts';
import { fullUnits } from './mix.ts';
import { type BenchOptions, type Measured, median } from './report.ts';

export const ratioOf = { figure: 'rate_per_s', better: 'more' } as const;

const smallUnits = 80;

export async function measure({ quick, say }: BenchOptions): Promise<Measured> {
  const samples = quick ? 1 : 5;
  const units = quick ? fullUnits / 10 : fullUnits;
  const [cells, work] = [auctionMixCells(units), auctionMixWork(units)];
  const [fewCells, littleWork] = [auctionMixCells(smallUnits), auctionMixWork(smallUnits)];
  const scanWork = work.slice(0, work.length / 10);
  // As much work on the few cells as on the many: neither is measured before the compiler has warmed up.
  const repeats = Math.ceil(work.length / littleWork.length);
  const littleOn = (some: readonly AuctionCell[]): number => {
    const all = Array.from({ length: repeats }, () => auctionRate(some, littleWork));
    return all.length / all.reduce((sum, rate) => sum + 1 / rate, 0);
  };
  const rates = { ours: [] as number[], many: [] as number[], few: [] as number[], scan: [] as number[] };
  for (let round = 0; round < samples; round++) {
    rates.few.push(littleOn(fewCells));
    rates.many.push(littleOn(cells));
    rates.ours.push(auctionRate(cells, work));
    rates.scan.push(scanRate(cells, scanWork));
    say(
      `${round + 1}: ${Object.entries(rates).map(([who, all]) => `${who} ${Math.round(all.at(-1) ?? 0)}/s`)}`,
    );
  }
  const rate = median(rates.ours);
  return {
    ours: {
      rate_per_s: rate,
      seconds: work.length / rate,
      cells: cells.length,
      little_at_100_cells: median(rates.few),
      little_at_all_cells: median(rates.many),
      cost_ratio: median(rates.few) / median(rates.many),
    },
    peers: { scan: { rate_per_s: median(rates.scan) } },
    samples,
  };
}
