/**
 * What placement rules cost: the mix of `placement`, with every LRP spread by rack, asking for tags, or kept
 * apart from another LRP, each against the same work without rules. A third of the plain rate is the least.
 */
import { type PlacementRules, placementSchema } from '../src/model/placement.ts';
import { auctionMixCells, auctionMixWork, auctionRate } from './auction-mix.ts';
import { fullUnits, mixLrps } from './mix.ts';
import { type BenchOptions, type Measured, median } from './report.ts';

export const ratioOf = { figure: 'rate_per_s', better: 'more' } as const;

export async function measure({ quick, say }: BenchOptions): Promise<Measured> {
  const samples = quick ? 1 : 3;
  const units = quick ? fullUnits / 10 : fullUnits;
  const cells = auctionMixCells(units);
  const guids = mixLrps(units).map(({ guid }) => guid);
  const kinds: Readonly<Record<string, (place: number) => PlacementRules>> = {
    plain: () => placementSchema.parse({}),
    spread: () => placementSchema.parse({ spreadBy: 'rack' }),
    // A quarter of the cells has a GPU, and an eighth of the LRPs asks for one.
    tags: (place) => placementSchema.parse({ tags: place % 8 === 0 ? ['gpu'] : ['ssd'] }),
    apart: (place) => placementSchema.parse({ notWith: [guids[place ^ 1] ?? 'none'] }),
  };
  const work = Object.entries(kinds).map(
    ([name, rulesOf]) => [name, auctionMixWork(units, rulesOf)] as const,
  );
  const rates = new Map<string, number[]>(work.map(([name]) => [name, []]));
  for (let round = 0; round < samples; round++) {
    for (const [name, items] of work) {
      const rate = auctionRate(cells, items);
      rates.get(name)?.push(rate);
      say(`${round + 1}: ${name} ${Math.round(rate)}/s`);
    }
  }
  const rateOf = (name: string): number => median(rates.get(name) ?? []);
  const [spread, tags, apart] = [rateOf('spread'), rateOf('tags'), rateOf('apart')];
  return {
    ours: {
      rate_per_s: Math.min(spread, tags, apart),
      spread_per_s: spread,
      tags_per_s: tags,
      apart_per_s: apart,
    },
    peers: { plain: { rate_per_s: rateOf('plain') } },
    samples,
  };
}
