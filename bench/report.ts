/** What a benchmark gives back, and what is added to it: ratios of medians and the machine. */
import { cpus, totalmem } from 'node:os';

export type Figures = Readonly<Record<string, number>>;

export interface Measured {
  readonly ours: Figures;
  readonly peers: Readonly<Record<string, Figures>>;
  readonly samples: number;
}

export interface BenchReport extends Measured {
  readonly bench: string;
  /** Above 1, ours is better. */
  readonly ratio: Readonly<Record<string, number>>;
  readonly machine: string;
}

export interface BenchOptions {
  readonly quick: boolean;
  say(line: string): void;
}

/** Which figure is compared with the peers, and whether more of it is better. */
export interface RatioOf {
  readonly figure: string;
  readonly better: 'more' | 'less';
}

export interface BenchModule {
  readonly ratioOf: RatioOf;
  measure(options: BenchOptions): Promise<Measured>;
}

export function ratiosOf(measured: Measured, by: RatioOf): Record<string, number> {
  const ours = measured.ours[by.figure];
  const ratios: Record<string, number> = {};
  for (const [peer, figures] of Object.entries(measured.peers)) {
    const theirs = figures[by.figure];
    if (ours === undefined || theirs === undefined) continue;
    ratios[peer] = by.better === 'more' ? ours / theirs : theirs / ours;
  }
  return ratios;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low, high] = [sorted[middle - 1] ?? 0, sorted[middle] ?? 0];
  return sorted.length % 2 === 1 ? high : (low + high) / 2;
}

export function machine(): string {
  const [first] = cpus();
  return `${cpus().length} × ${first?.model.trim() ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB, node ${process.version}`;
}
