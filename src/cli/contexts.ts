/**
 * Which context a command uses, of those that `Io` keeps. What checks
 * their content is loaded by those who have one: on the local socket a command starts without.
 */
import type { TlsSource } from '../base/certificates.ts';
import type { Context } from './core/context.ts';
import type { GlobalFlags } from './flags.ts';
import type { Io } from './io.ts';

export interface NamedContext {
  readonly name: string;
  readonly context: Context;
}

/**
 * The context by flag, variable or `skep ctx use`, in this order; undefined: none, then the local socket. Throws as
 * loadContext does.
 */
export async function chosenContext(
  flags: Pick<GlobalFlags, 'context'>,
  io: Pick<Io, 'env' | 'contexts'>,
): Promise<NamedContext | undefined> {
  const name = flags.context ?? (io.env['SKEP_CONTEXT'] || undefined) ?? io.contexts.current;
  if (name === undefined) return undefined;
  const { loadContext } = await import('./load-context.ts');
  return loadContext(io.contexts, name);
}

export const tlsOf = ({ ca, certificate, key }: Context): TlsSource => {
  const material = { ca, certificate, key };
  return { current: () => material };
};
