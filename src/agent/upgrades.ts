/**
 * Upgrades of this host that an operator asks for through a server: takes the release file and has it installed. One
 * at a time. Called by session/streams.ts for every `upgrade` stream; what goes over it is core/upgrade-shapes.ts.
 */

import { unpackFrame } from '../api/core/stream-frames.ts';
import { type UpgradeOrder, upgradeOrderSchema } from '../api/core/upgrade-shapes.ts';
import { SkepError } from '../base/core/errors.ts';
import type { Log } from '../base/log.ts';
import type { Socket } from '../base/socket.ts';
import { defaults } from '../model/defaults.ts';
import type { Installer } from './installer.ts';
import type { Presence } from './presence.ts';
import { sendControl, sendData } from './session/send.ts';
import type { StreamService, UpgradeRequest } from './session/streams.ts';

export interface UpgradesOptions {
  /** Absent where the program was not installed: in a checkout, in `skep dev`. */
  readonly installer: Installer | undefined;
  /** The cell stays present while its agent restarts. */
  readonly presence: Pick<Presence, 'stayFor' | 'stayNoLonger'>;
  readonly log: Log;
}

export class Upgrades implements StreamService<UpgradeRequest> {
  readonly #options: UpgradesOptions;
  #isBusy = false;

  constructor(options: UpgradesOptions) {
    this.#options = options;
  }

  /** Throws `InvalidStateTransition` where nothing is installed, `ResourceConflict` while another upgrade goes on. */
  async serve(socket: Socket, request: UpgradeRequest, signal: AbortSignal): Promise<void> {
    const { installer } = this.#options;
    if (installer === undefined) {
      throw new SkepError('InvalidStateTransition', 'the agent of this host was not set up by install.sh', {
        hint: 'upgrade it as it was set up, or set it up from a release file',
      });
    }
    await sendControl(socket, { kind: 'opened' });
    const input = payloads(socket);
    const order = parseOrder((await input.next()).value);
    if (order.action !== request.action) {
      throw new SkepError(
        'InvalidRequest',
        `the order is to ${order.action}, and the journal has ${request.action}`,
      );
    }
    const report =
      order.action === 'last'
        ? await installer.last(signal)
        : await this.#alone(() => this.#obey(installer, order, input, request, signal));
    await sendData(socket, report);
    await sendControl(socket, { kind: 'exit', code: report.code });
  }

  async #obey(
    installer: Installer,
    order: Exclude<UpgradeOrder, { action: 'last' }>,
    input: AsyncIterable<Uint8Array>,
    { by }: UpgradeRequest,
    signal: AbortSignal,
  ): ReturnType<Installer['run']> {
    const { log, presence } = this.#options;
    if (order.action !== 'rollback') await installer.receive(input, order);
    log.info('upgrade.begins', { action: order.action, by });
    if (order.action !== 'check') await presence.stayFor(defaults.upgradePresenceTtlMs);
    try {
      const report = await installer.run(order.action, signal);
      log.info('upgrade.ended', { action: order.action, code: report.code });
      return report;
    } finally {
      // Who asked has gone: it is still at work, and the restart may yet come.
      if (!signal.aborted) presence.stayNoLonger();
    }
  }

  async #alone<T>(task: () => Promise<T>): Promise<T> {
    if (this.#isBusy) {
      throw new SkepError('ResourceConflict', 'another upgrade of this host goes on', {
        hint: 'wait until it has ended, then run the same command again',
      });
    }
    this.#isBusy = true;
    try {
      return await task();
    } finally {
      this.#isBusy = false;
    }
  }
}

/** What a client sends, frame by frame. */
async function* payloads(socket: Socket): AsyncGenerator<Uint8Array, undefined> {
  for await (const data of socket.messages) {
    const frame = typeof data === 'string' ? undefined : unpackFrame(data);
    if (frame?.channel === 'stdin') yield frame.payload;
  }
  return undefined;
}

function parseOrder(payload: Uint8Array | undefined): UpgradeOrder {
  const text = new TextDecoder().decode((payload ?? new Uint8Array()).subarray(0, 4_096));
  const parsed = upgradeOrderSchema.safeParse(jsonOf(text));
  if (parsed.success) return parsed.data;
  throw new SkepError('InvalidRequest', 'the first frame of an upgrade is no order that this agent knows', {
    hint: 'is this skep newer than the agent? Upgrade this host with install.sh --from-file FILE',
  });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // The schema refuses undefined.
    return undefined;
  }
}
