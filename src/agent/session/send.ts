/** Frames of stream-frames.ts as the cell sends them. Used by everything that serves a stream of a server. */
import { type ChannelName, type Control, packFrame } from '../../api/core/stream-frames.ts';
import { messageOf, SkepError } from '../../base/core/errors.ts';
import type { Socket } from '../../base/socket.ts';

/** Resolves when the transport has taken it; throws `Unavailable` when the socket has ended. */
export async function sendControl(socket: Socket, message: Control): Promise<void> {
  await sendText(socket, 'control', JSON.stringify(message));
}

/** A stream whose frames are JSON. */
export async function sendData(socket: Socket, data: unknown): Promise<void> {
  await sendText(socket, 'stdout', JSON.stringify(data));
}

/** Last on a stream that could not be served. */
export async function sendError(socket: Socket, error: unknown): Promise<void> {
  const known = error instanceof SkepError ? error : new SkepError('Internal', messageOf(error));
  const hint = known.hint === undefined ? {} : { hint: known.hint };
  await sendControl(socket, { kind: 'error', code: known.code, message: known.message, ...hint });
}

/** Reads what a client has no reason to send, so that its end is noticed. */
export async function drain(socket: Socket): Promise<void> {
  for await (const _ignored of socket.messages) continue;
}

async function sendText(socket: Socket, channel: ChannelName, text: string): Promise<void> {
  await socket.send(packFrame(channel, new TextEncoder().encode(text)));
}
