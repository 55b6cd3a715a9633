/**
 * How far the pull of an image is, from the lines that an engine writes meanwhile. Fed by docker/images.ts, shown by
 * instance-doing.ts.
 */

export interface PullProgress {
  /** Of how many the engine has spoken so far. */
  readonly layers: number;
  readonly layersDone: number;
  readonly bytes: number;
  /** Of the layers whose size is known. */
  readonly bytesTotal: number;
}

export const pullBegun: PullProgress = { layers: 0, layersDone: 0, bytes: 0, bytesTotal: 0 };

export interface PullMeter {
  /** Takes one line in, whatever it is. */
  take(line: unknown): PullProgress;
}

interface Layer {
  readonly bytes: number;
  readonly totalBytes: number;
  readonly isDone: boolean;
}

interface Line {
  readonly status?: unknown;
  readonly id?: unknown;
  readonly progressDetail?: { readonly current?: unknown; readonly total?: unknown };
}

/** An image has at most 127; whatever an engine writes is bounded. */
const layersMax = 512;
/** What is said of a layer; other lines, such as `Pulling from library/nginx`, name no layer. */
const layerStatuses: ReadonlySet<unknown> = new Set([
  'Pulling fs layer',
  'Waiting',
  'Downloading',
  'Verifying Checksum',
  'Download complete',
  'Extracting',
  'Pull complete',
  'Already exists',
]);
const doneStatuses: ReadonlySet<unknown> = new Set(['Pull complete', 'Already exists']);

export function pullMeter(): PullMeter {
  const layers = new Map<string, Layer>();
  return {
    take(line) {
      const { status, id, progressDetail } = (line ?? {}) as Line;
      const isKnown = typeof id === 'string' && (layers.has(id) || layers.size < layersMax);
      if (isKnown && layerStatuses.has(status)) {
        layers.set(id, layerAfter(layers.get(id), status, progressDetail));
      }
      return sumOf(layers);
    },
  };
}

function layerAfter(before: Layer | undefined, status: unknown, detail: Line['progressDetail']): Layer {
  const { bytes, totalBytes } = before ?? { bytes: 0, totalBytes: 0 };
  const isDone = doneStatuses.has(status);
  if (status === 'Downloading') {
    return {
      bytes: bytesOf(detail?.current) ?? bytes,
      totalBytes: bytesOf(detail?.total) ?? totalBytes,
      isDone,
    };
  }
  const isHere = isDone || status === 'Download complete' || status === 'Extracting';
  return { bytes: isHere ? totalBytes : bytes, totalBytes, isDone };
}

function sumOf(layers: ReadonlyMap<string, Layer>): PullProgress {
  const sum = { layers: layers.size, layersDone: 0, bytes: 0, bytesTotal: 0 };
  for (const { bytes, totalBytes, isDone } of layers.values()) {
    sum.bytes += bytes;
    sum.bytesTotal += totalBytes;
    if (isDone) sum.layersDone += 1;
  }
  return sum;
}

const bytesOf = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined;

/** `3 of 7 layers, 45 of 210 MB`; undefined while the engine has told nothing. */
export function pullText({ layers, layersDone, bytes, bytesTotal }: PullProgress): string | undefined {
  if (layers === 0) return undefined;
  const counted = `${layersDone} of ${layers} ${layers === 1 ? 'layer' : 'layers'}`;
  return bytesTotal === 0 ? counted : `${counted}, ${megabytes(bytes)} of ${megabytes(bytesTotal)} MB`;
}

const megabytes = (bytes: number): number => Math.round(bytes / 1_000_000);
