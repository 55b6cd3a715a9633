/** Reads one file out of a container, running or not. The engine hands it over in a tar. */
import { posix } from 'node:path';
import type { Readable } from 'node:stream';
import { extract, type Headers } from 'tar-stream';
import { SkepError } from '../../base/core/errors.ts';
import type { Engine } from './engine.ts';

/** As many as the kernel follows are more than anyone needs. */
const maxLinks = 8;
/** Long enough for the largest result on a busy disk. */
const readDeadlineMs = 120_000;

export interface ReadFileOptions {
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

type Entry =
  | { readonly kind: 'file'; readonly content: Uint8Array }
  | { readonly kind: 'link'; readonly target: string };

/**
 * The file's content; symbolic links are followed.
 * @throws TooLarge above `maxBytes`, before more than that is read; ResourceNotFound; InvalidRequest for what
 * is no file
 */
export async function readContainerFile(
  engine: Engine,
  id: string,
  path: string,
  options: ReadFileOptions,
): Promise<Uint8Array> {
  let at = posix.resolve('/', path);
  for (let links = 0; links <= maxLinks; links++) {
    const entry = await readEntry(engine, id, at, options);
    if (entry.kind === 'file') return entry.content;
    at = posix.resolve(posix.dirname(at), entry.target);
  }
  throw new SkepError('InvalidRequest', `cannot read ${path}: more than ${maxLinks} symbolic links in a row`);
}

function readEntry(engine: Engine, id: string, path: string, options: ReadFileOptions): Promise<Entry> {
  const what = `read ${path} from container ${id.slice(0, 12)}`;
  return engine.call(
    { what, signal: options.signal, deadlineMs: readDeadlineMs },
    async (docker, abortSignal) => {
      const archive = (await docker
        .getContainer(id)
        .getArchive({ path, abortSignal })) as unknown as Readable;
      const stop = (): void => void archive.destroy();
      abortSignal.addEventListener('abort', stop, { once: true });
      try {
        return await firstEntry(archive, path, options.maxBytes);
      } finally {
        abortSignal.removeEventListener('abort', stop);
        archive.destroy();
      }
    },
  );
}

async function firstEntry(archive: Readable, path: string, maxBytes: number): Promise<Entry> {
  const tar = extract();
  archive.on('error', (error) => tar.destroy(error));
  archive.pipe(tar);
  for await (const entry of tar) {
    const { header } = entry;
    const target = linkTarget(header);
    if (target !== undefined) return { kind: 'link', target };
    refuse(header, path, maxBytes);
    const parts: Uint8Array[] = [];
    for await (const part of entry) parts.push(part as Uint8Array);
    return { kind: 'file', content: Buffer.concat(parts) };
  }
  throw new SkepError('ResourceNotFound', `cannot read ${path}: the container engine sent an empty archive`);
}

function linkTarget(header: Headers): string | undefined {
  return header.type === 'symlink' && header.linkname ? header.linkname : undefined;
}

function refuse(header: Headers, path: string, maxBytes: number): void {
  if (header.type !== 'file' && header.type !== 'contiguous-file') {
    throw new SkepError('InvalidRequest', `cannot read ${path}: it is no file but a ${header.type}`);
  }
  if ((header.size ?? 0) > maxBytes) {
    throw new SkepError('TooLarge', `cannot read ${path}: it has ${header.size} bytes, over ${maxBytes}`);
  }
}
