/** The images of a simulation and how their containers behave, while there are faults and after. */
import { SkepError } from '../../src/base/core/errors.ts';
import type { Check } from '../../src/model/check.ts';
import type { ImageScript } from '../kit/fake-container.ts';

export type Images = Record<string, ImageScript>;

/** What LRPs run. `sick` stops answering its health check, `flaky` crashes, `missing` cannot be pulled. */
export const lrpImages = ['web', 'web', 'slow', 'stubborn', 'checked', 'sick', 'flaky', 'missing'] as const;
/** What tasks run: they end by themselves, or not before they are told to. */
export const taskImages = ['job', 'job', 'failing-job', 'long-job', 'endless-job', 'missing-job'] as const;

export const checkedPort = 8080;
export const tcpCheck: Check = { kind: 'tcp', port: checkedPort, timeoutMs: 1_000, intervalMs: 10_000 };

/** How long a flaky one runs. */
export const flakyMs = 25_000;

const answersSoon: ImageScript = { answers: (_port, sinceMs) => (sinceMs > 2_000 ? 200 : undefined) };
const job: ImageScript = { exits: { afterMs: 4_000, code: 0 }, pullMs: 300 };

export function faultyImages(): Images {
  return {
    web: { pullMs: 500, startMs: 100 },
    slow: { pullMs: 12_000, createMs: 1_500, startMs: 3_000 },
    stubborn: { ignoresSigterm: true, createMs: 50 },
    checked: answersSoon,
    sick: { answers: (_port, sinceMs) => (sinceMs > 2_000 && sinceMs < 50_000 ? 200 : undefined) },
    flaky: { exits: { afterMs: flakyMs, code: 1 } },
    missing: { pullError: new SkepError('ResourceNotFound', 'pull access denied for missing') },
    'missing-job': { pullError: new SkepError('ResourceNotFound', 'pull access denied for missing-job') },
    job,
    'failing-job': { exits: { afterMs: 2_000, code: 3 }, createMs: 200, startMs: 200 },
    'long-job': { exits: { afterMs: 45_000, code: 0 } },
    'endless-job': {},
  };
}

/** From now on everything works: what starts anew runs, and what is unwell gets well. */
export function healImages(images: Images): void {
  Object.assign(images, {
    sick: answersSoon,
    flaky: {},
    missing: {},
    'endless-job': job,
    'missing-job': job,
  });
}

/** Whether an agent may stop such a container because it is unwell. */
export function mayBeUnwell(image: string): boolean {
  return image === 'sick';
}
