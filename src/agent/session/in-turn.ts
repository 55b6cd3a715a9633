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

type Heard<R> = { readonly turn: Turn<R> } & (
  | { readonly answer: R }
  | { readonly error: unknown }
  | { readonly isSilent: true }
);

/**
 * The first answer wins; whoever answers later is not heard. Throws the first error for which `isFinal` holds, else the
 * last one, once everybody has failed or keeps silent: one that is dead must not keep from asking the others again.
 * While nobody has failed the silent are waited for.
 */
export async function inTurn<R>(
  turns: readonly [Turn<R>, ...Turn<R>[]],
  isFinal: (error: unknown) => boolean,
): Promise<R> {
  const waiting = [...turns];
  const answers = new Map<Turn<R>, Promise<Heard<R>>>();
  const silences = new Map<Turn<R>, Promise<Heard<R>>>();
  const over = new AbortController();
  let failure: { readonly error: unknown } | undefined;
  try {
    for (;;) {
      // Everybody who was asked has failed or fallen silent.
      if (silences.size === 0) {
        const next = waiting.shift();
        if (next !== undefined) {
          answers.set(next, ended(next));
          silences.set(next, fallenSilent(next, over.signal));
        } else if (failure !== undefined) throw failure.error;
      }
      const first = await Promise.race([...answers.values(), ...silences.values()]);
      silences.delete(first.turn);
      if ('isSilent' in first) continue;
      if ('answer' in first) return first.answer;
      answers.delete(first.turn);
      failure = first;
      if (isFinal(first.error)) throw first.error;
    }
  } finally {
    over.abort();
  }
}

async function ended<R>(turn: Turn<R>): Promise<Heard<R>> {
  try {
    return { turn, answer: await turn.ask() };
  } catch (error) {
    return { turn, error };
  }
}

/** Never, for who is waited for however long it takes. */
async function fallenSilent<R>(turn: Turn<R>, over: AbortSignal): Promise<Heard<R>> {
  await (turn.silence?.(over) ?? new Promise<never>(() => undefined));
  return { turn, isSilent: true };
}
