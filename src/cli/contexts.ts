/**
 * Where contexts are kept, as a port, and which one a command uses. The adapter is run/context-files.ts. What checks
 * their content is loaded by those who have one: on the local socket a command starts without.
 */
import type { TlsSource } from '../base/certificates.ts';
import type { Context } from './core/context.ts';
import type { GlobalFlags } from './flags.ts';
import type { Io } from './io.ts';

export interface ContextFiles {
  /** In order of their names. */
  list(): readonly string[];
  /** The text of one; undefined when there is none. */
  read(name: string): string | undefined;
  /** For the owner only. */
  write(name: string, text: string): void;
  remove(name: string): void;
  /** The one that commands use unless told; undefined: none. */
  readonly current: string | undefined;
  use(name: string | undefined): void;
}

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
