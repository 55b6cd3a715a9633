/** Frames of a stream of the cluster, read and written. Used by the CLI and the TUI. */

import { SkepError } from '../../base/core/errors.ts';
import type { Socket } from '../../base/socket.ts';
import {
  type ChannelName,
  type Control,
  controlSchema,
  packFrame,
  unpackFrame,
} from '../core/stream-frames.ts';

export type StreamMessage =
  | { readonly kind: 'data'; readonly channel: Exclude<ChannelName, 'control'>; readonly payload: Uint8Array }
  | { readonly kind: 'control'; readonly control: Control };

/** In order, until the socket ends. Throws `Unavailable` for a frame that is none: the peer is no cell. */
export async function* readStream(socket: Socket): AsyncGenerator<StreamMessage> {
  for await (const data of socket.messages) {
    const frame = typeof data === 'string' ? undefined : unpackFrame(data);
    if (frame === undefined) throw new SkepError('Unavailable', 'the cell sent a frame of an unknown kind');
    if (frame.channel === 'control') yield { kind: 'control', control: parseControl(frame.payload) };
    else yield { kind: 'data', channel: frame.channel, payload: frame.payload };
  }
}

function parseControl(payload: Uint8Array): Control {
  const parsed = controlSchema.safeParse(parseJson(new TextDecoder().decode(payload)));
  if (parsed.success) return parsed.data;
  throw new SkepError('Unavailable', 'the cell sent a control message of an unknown kind');
}

/** Undefined when it is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // The caller's schema refuses undefined and says what it expected.
    return undefined;
  }
}

export function sendControl(socket: Socket, control: Control): Promise<void> {
  return socket.send(packFrame('control', new TextEncoder().encode(JSON.stringify(control))));
}

export function sendInput(socket: Socket, chunk: Uint8Array): Promise<void> {
  return socket.send(packFrame('stdin', chunk));
}
