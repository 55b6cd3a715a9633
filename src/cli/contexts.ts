/** Where contexts are kept, as a port, and which one a command uses. The adapter is run/context-files.ts. */
import type { TlsSource } from '../base/certificates.ts';
import { SkepError } from '../base/core/errors.ts';
import { type Context, checkContextName, parseContext } from './core/context.ts';
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

/** Throws `ResourceNotFound` with those there are. */
export function loadContext(files: ContextFiles, name: string): NamedContext {
  const text = files.read(checkContextName(name));
  if (text !== undefined) return { name, context: parseContext(text, `context ${name}`) };
  const known = files.list().join(', ') || 'none';
  throw new SkepError('ResourceNotFound', `there is no context ${name}`, {
    hint: `there is: ${known}; \`skep ctx add FILE\` adds one`,
  });
}

/** The context by flag, variable or `skep ctx use`, in this order; undefined: none, then the local socket. */
export function chosenContext(
  flags: Pick<GlobalFlags, 'context'>,
  io: Pick<Io, 'env' | 'contexts'>,
): NamedContext | undefined {
  const name = flags.context ?? (io.env['SKEP_CONTEXT'] || undefined) ?? io.contexts.current;
  return name === undefined ? undefined : loadContext(io.contexts, name);
}

export const tlsOf = ({ ca, certificate, key }: Context): TlsSource => {
  const material = { ca, certificate, key };
  return { current: () => material };
};
