/**
 * Asks one after the other until somebody gives an answer that settles the matter, and asks the next also when the one
 * before keeps silent. Used by links.ts for requests that may reach more than one server, and more than once.
 */

export interface Turn<R> {
  readonly ask: () => Promise<R>;
  /**
   * Resolves when it has kept silent too long, so that the next is asked as well; must stop when the signal aborts.
   * Undefined: it is waited for however long it takes.
   */
  readonly silence: ((signal: AbortSignal) => Promise<void>) | undefined;
}

type Ended<R> = { readonly turn: Turn<R> } & ({ readonly answer: R } | { readonly error: unknown });

/**
 * The first answer wins; whoever answers later is not heard. Throws the first error for which `isFinal` holds, else the
 * last one, once everybody has failed.
 */
export async function inTurn<R>(
  turns: readonly [Turn<R>, ...Turn<R>[]],
  isFinal: (error: unknown) => boolean,
): Promise<R> {
  const waiting = [...turns];
  const running = new Map<Turn<R>, Promise<Ended<R>>>();
  const over = new AbortController();
  try {
    for (;;) {
      const next = waiting.shift();
      if (next !== undefined) running.set(next, ended(next));
      const heard: Promise<Ended<R> | undefined>[] = [...running.values()];
      const silence = waiting.length > 0 ? next?.silence?.(over.signal) : undefined;
      if (silence !== undefined) heard.push(silence.then(() => undefined));
      const first = await Promise.race(heard);
      if (first === undefined) continue;
      if ('answer' in first) return first.answer;
      running.delete(first.turn);
      if (isFinal(first.error) || (running.size === 0 && waiting.length === 0)) throw first.error;
    }
  } finally {
    over.abort();
  }
}

async function ended<R>(turn: Turn<R>): Promise<Ended<R>> {
  try {
    return { turn, answer: await turn.ask() };
  } catch (error) {
    return { turn, error };
  }
}
