/**
 * Images: here already, or pulled. However many containers wait for an image, it is asked for and pulled
 * once; a pull goes on until nobody waits for it any more.
 */
import { SkepError } from '../../base/core/errors.ts';
import type { Engine } from './engine.ts';
import { jsonLines } from './frames.ts';

const pullDeadlineMs = 10 * 60_000;
/** A registry that says nothing for so long has gone. */
const pullSilenceMs = 60_000;

export interface Images {
  /**
   * Resolves when the image is here.
   * @throws ResourceNotFound, InvalidRequest or Unavailable with the registry's own reason
   */
  ensure(image: string, signal: AbortSignal): Promise<void>;
}

interface Flight {
  readonly done: Promise<void>;
  readonly abort: AbortController;
  waiting: number;
}

export function engineImages(engine: Engine): Images {
  const flights = new Map<string, Flight>();

  function flightFor(image: string): Flight {
    const known = flights.get(image);
    if (known !== undefined) return known;
    const abort = new AbortController();
    const done = ensureNow(engine, image, abort.signal).finally(() => flights.delete(image));
    const flight = { done, abort, waiting: 0 };
    flights.set(image, flight);
    return flight;
  }

  return {
    async ensure(image, signal) {
      signal.throwIfAborted();
      const flight = flightFor(image);
      flight.waiting += 1;
      try {
        await orAborted(flight.done, signal);
      } finally {
        flight.waiting -= 1;
        if (flight.waiting === 0) {
          if (flights.get(image) === flight) flights.delete(image);
          flight.abort.abort(new SkepError('Cancelled', `nobody waits for image ${image} any more`));
        }
      }
    },
  };
}

async function ensureNow(engine: Engine, image: string, signal: AbortSignal): Promise<void> {
  if (!(await isHere(engine, image, signal))) await pull(engine, image, signal);
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

function pull(engine: Engine, image: string, signal: AbortSignal): Promise<void> {
  const what = `pull image ${image}`;
  engine.log.info('image.pull', { image });
  return engine.call({ what, signal, deadlineMs: pullDeadlineMs }, async (docker, outer) => {
    const silence = new AbortController();
    const late = (): void => silence.abort(silent(what));
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

function silent(what: string): SkepError {
  return new SkepError('Unavailable', `cannot ${what}: no progress for ${pullSilenceMs / 1_000} s`, {
    hint: 'check that this host reaches the registry, or load the image: docker load',
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

/** Resolves with `work`, or rejects with the signal's reason as soon as it aborts. */
async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason as Error);
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
