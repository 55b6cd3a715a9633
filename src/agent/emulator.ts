/**
 * A terminal in memory as a port: what a console session keeps so that its screen can be shown to whoever comes
 * later. Adapter: `terminal/`, with xterm. Fake: test/kit/fake-emulator.ts.
 */
import type { TerminalSize } from './runtime.ts';

export interface Emulator {
  /** Takes output of the program; resolves once it is on the screen. */
  write(data: Uint8Array): Promise<void>;
  resize(size: TerminalSize): void;
  /**
   * Output that brings a terminal of the same size to the same state: what it showed before is cleared, then come
   * the newest `scrollbackLines` lines above the screen, the screen itself, colours, modes and the cursor.
   */
  paint(scrollbackLines: number): string;
  /** As the program set it, raw; '' when it did not. */
  readonly title: string;
  /** Frees it; nothing may be asked of it afterwards. */
  close(): void;
}

export interface EmulatorOptions {
  readonly size: TerminalSize;
  /** How many lines are kept above the screen. */
  readonly scrollbackLines: number;
  /** What a terminal answers to the program's questions, such as where the cursor is. */
  onAnswer(answer: string): void;
}

/** Takes a moment the first time: what emulates is loaded then, so that a cell without consoles does not pay for it. */
export type CreateEmulator = (options: EmulatorOptions) => Promise<Emulator>;
