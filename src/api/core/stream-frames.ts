/**
 * Frames on a stream's WebSocket (client ⇄ server ⇄ cell; the server passes them on unread). Binary frames:
 * one byte that names the channel, then the payload. The ends speak; TCP's backpressure holds throughout.
 */
import { z } from 'zod';

export const channels = { stdin: 0, stdout: 1, stderr: 2, control: 3 } as const;
export type ChannelName = keyof typeof channels;

const sizeSchema = z.object({
  columns: z.number().int().min(1).max(10_000),
  rows: z.number().int().min(1).max(10_000),
});

/** Payloads of control frames, JSON. */
export const controlSchema = z.discriminatedUnion('kind', [
  /** Cell → client, first: the stream is open. */
  z.object({ kind: z.literal('opened') }),
  /** Client → cell. */
  z.object({ kind: z.literal('resize'), size: sizeSchema }),
  z.object({ kind: z.literal('signal'), name: z.string().regex(/^SIG[A-Z0-9]+$/) }),
  z.object({ kind: z.literal('endInput') }),
  /** Cell → client, last: how it ended. */
  z.object({ kind: z.literal('exit'), code: z.number().int().optional() }),
  z.object({ kind: z.literal('error'), code: z.string(), message: z.string(), hint: z.string().optional() }),
]);
export type Control = z.infer<typeof controlSchema>;

/** One log line as it travels: in stdout/stderr frames of a `logs` stream, JSON. */
export const logFrameSchema = z.object({ at: z.number(), text: z.string() });
export type LogFrame = z.infer<typeof logFrameSchema>;

export function packFrame(channel: ChannelName, payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(payload.length + 1);
  frame[0] = channels[channel];
  frame.set(payload, 1);
  return frame;
}

/** Undefined for an empty frame or an unknown channel: the peer speaks something else. */
export function unpackFrame(frame: Uint8Array): { channel: ChannelName; payload: Uint8Array } | undefined {
  const name = (Object.keys(channels) as ChannelName[]).find((channel) => channels[channel] === frame[0]);
  return name === undefined ? undefined : { channel: name, payload: frame.subarray(1) };
}
