/**
 * Images: here already, or pulled. The cell asks once for all containers that wait for an image
 * (agent/images.ts), so nothing is shared here.
 */
import { SkepError } from '../../base/core/errors.ts';
import { pullBegun, pullMeter } from '../core/pull-progress.ts';
import type { Runtime } from '../runtime.ts';
import { engineHint } from './docker-errors.ts';
import type { Engine } from './engine.ts';
import { addressText } from './engine-address.ts';
import { jsonLines } from './frames.ts';

const pullDeadlineMs = 10 * 60_000;
/** A registry that says nothing for so long has gone. */
const pullSilenceMs = 60_000;

type PullOptions = Parameters<Runtime['ensureImage']>[1];

/**
 * Resolves when the image is here.
 * @throws ResourceNotFound, InvalidRequest or Unavailable with the registry's own reason
 */
export async function ensureImage(engine: Engine, image: string, options: PullOptions): Promise<void> {
  if (!(await isHere(engine, image, options.signal))) await pull(engine, image, options);
}

async function isHere(engine: Engine, image: string, signal: AbortSignal): Promise<boolean> {
  try {
    await engine.getJson({ what: `look for image ${image}`, signal }, `/images/${image}/json`);
    return true;
  } catch (error) {
    if (error instanceof SkepError && error.code === 'ResourceNotFound') return false;
    throw error;
  }
}

/** One line of a pull's progress; `error` ends it, with status 200 long since sent. */
interface Progress {
  readonly error?: string;
}

function pull(engine: Engine, image: string, { signal, onProgress }: PullOptions): Promise<void> {
  const what = `pull image ${image}`;
  engine.log.info('image.pull', { image });
  const meter = pullMeter();
  onProgress?.(pullBegun);
  return engine.call({ what, signal, deadlineMs: pullDeadlineMs }, async (docker, outer) => {
    const silence = new AbortController();
    const late = (): void => silence.abort(silent(engine, what));
    let timer = engine.clock.after(pullSilenceMs, late);
    const abortSignal = AbortSignal.any([outer, silence.signal]);
    try {
      const stream = await docker.createImage({ ...splitReference(image), abortSignal });
      abortSignal.addEventListener('abort', () => (stream as { destroy?: () => void }).destroy?.(), {
        once: true,
      });
      for await (const line of jsonLines(stream as AsyncIterable<Buffer>)) {
        timer.cancel();
        timer = engine.clock.after(pullSilenceMs, late);
        const { error } = line as Progress;
        if (error !== undefined) throw new Error(error);
        onProgress?.(meter.take(line));
      }
      abortSignal.throwIfAborted();
      engine.log.info('image.pulled', { image });
    } catch (error) {
      throw silence.signal.aborted ? silence.signal.reason : error;
    } finally {
      timer.cancel();
    }
  });
}

function silent(engine: Engine, what: string): SkepError {
  return new SkepError('Unavailable', `cannot ${what}: no progress for ${pullSilenceMs / 1_000} s`, {
    hint: engineHint(
      'check that this host reaches the registry, or load the image: docker load',
      addressText(engine.address),
    ),
  });
}

/** Splits `host:5000/team/app:2` at its tag or digest; without either, a pull would fetch every tag. */
export function splitReference(image: string): { readonly fromImage: string; readonly tag: string } {
  const digest = image.indexOf('@');
  if (digest >= 0) return { fromImage: image.slice(0, digest), tag: image.slice(digest + 1) };
  const colon = image.indexOf(':', image.lastIndexOf('/') + 1);
  if (colon < 0) return { fromImage: image, tag: 'latest' };
  return { fromImage: image.slice(0, colon), tag: image.slice(colon + 1) };
}
