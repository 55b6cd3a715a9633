/** Reads one context and checks it. Called through contexts.ts by every command, and by those that are about contexts. */
import { SkepError } from '../base/core/errors.ts';
import type { NamedContext } from './contexts.ts';
import { checkContextName, parseContext } from './core/context.ts';
import type { ContextFiles } from './io.ts';

/** Throws `ResourceNotFound` with those there are, `InvalidConfig` for what is no context. */
export function loadContext(files: ContextFiles, name: string): NamedContext {
  const text = files.read(checkContextName(name));
  if (text !== undefined) return { name, context: parseContext(text, `context ${name}`) };
  const known = files.list().join(', ') || 'none';
  throw new SkepError('ResourceNotFound', `there is no context ${name}`, {
    hint: `there is: ${known}; \`skep ctx add FILE\` adds one`,
  });
}
