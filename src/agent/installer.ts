/** The port to what replaces this agent's program: install.sh of the release that runs. Used by upgrades.ts. */
import type { UpgradeAction, UpgradeReport } from '../api/core/upgrade-shapes.ts';

export type InstallerAction = Exclude<UpgradeAction, 'last'>;

export interface Installer {
  /**
   * Keeps a release file for the next `run`. Throws `InvalidRequest` when the bytes are not those announced,
   * `InsufficientResources` when they cannot be written.
   */
  receive(
    chunks: AsyncIterable<Uint8Array>,
    announced: { readonly bytes: number; readonly sha256: string },
  ): Promise<void>;
  /**
   * Runs it apart from the agent, which it may restart: then this never resolves, and `last` of the next agent has
   * the report. Throws `ResourceConflict` while another one runs.
   */
  run(action: InstallerAction, signal: AbortSignal): Promise<UpgradeReport>;
  /** How the last run ended, once it has. Throws `ResourceNotFound` when there was none. */
  last(signal: AbortSignal): Promise<UpgradeReport>;
}
