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
  /**
   * Cell → client, first: the stream is open. Of a console: which session, whether it was there before, and the size
   * of its terminal, for which the first stdout frame of a resumed one paints.
   */
  z.object({
    kind: z.literal('opened'),
    session: z.string().optional(),
    resumed: z.boolean().optional(),
    size: sizeSchema.optional(),
  }),
  /**
   * Client → cell: how large its terminal is; in a console the client that typed last decides. Cell → client, in a
   * console: how large the session's terminal is from here on, because another client decided.
   */
  z.object({ kind: z.literal('resize'), size: sizeSchema }),
  /** Client → cell, in a console: ends the session. Closing the socket only detaches. */
  z.object({ kind: z.literal('close') }),
  /** Cell → client, in a console: something was refused or skipped; the stream goes on. Such as a watcher's input. */
  z.object({ kind: z.literal('notice'), code: z.string(), message: z.string(), hint: z.string().optional() }),
  z.object({ kind: z.literal('signal'), name: z.string().regex(/^SIG[A-Z0-9]+$/) }),
  z.object({ kind: z.literal('endInput') }),
  /** Cell → client, last: how it ended. */
  z.object({
    kind: z.literal('exit'),
    code: z.number().int().optional(),
    /** Of a console that did not end by itself: who or what ended it. */
    reason: z.string().optional(),
  }),
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
