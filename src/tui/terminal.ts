/**
 * The operator's terminal as a port: what app.ts draws on and hears keys from. The real one is blessed/screen.ts; tests
 * use test/kit/fake-terminal.ts.
 */
import type { Frame } from './core/frame.ts';
import type { Key, Size } from './core/key.ts';

export interface TerminalFeatures {
  /** 0 is none: only bold, underline and inverse. */
  readonly colours: 0 | 8 | 16 | 256;
  readonly unicode: boolean;
  /** Over SSH: frames are spaced further apart. */
  readonly remote: boolean;
}

export type TerminalEvent =
  | { readonly kind: 'key'; readonly key: Key }
  /**
   * Pasted as one piece (bracketed paste): never keys. Lines end as the terminal sends them, mostly with a carriage
   * return. More than a million characters come in several pieces.
   */
  | { readonly kind: 'paste'; readonly text: string }
  | { readonly kind: 'resize'; readonly size: Size }
  /** It takes output again after `draw` said that it did not. */
  | { readonly kind: 'drained' }
  /** The line is closed, or a signal asks to end: the exit status that is right for it. */
  | { readonly kind: 'ended'; readonly exit: number };

export interface Terminal {
  readonly features: TerminalFeatures;
  readonly size: Size;
  /** Called for everything that happens until `close`. One listener. */
  listen(listener: (event: TerminalEvent) => void): void;
  /**
   * Puts the frame on the screen, writing only what differs from what is there. False when the line has not taken what
   * was written before: nothing was written, draw the newest frame again at `drained`.
   */
  draw(frame: Frame): boolean;
  /** Forgets what is on the screen: the next frame is written whole. */
  invalidate(): void;
  /**
   * Gives the terminal as it was found to what `run` starts (an editor with inherited stdio), and takes it back when
   * that is done. Nothing is drawn meanwhile; it resolves and rejects as `run` does.
   */
  lend<T>(run: () => Promise<T>): Promise<T>;
  /**
   * Connects the operator's terminal byte for byte: everything typed goes to `input`, what is written to the port goes
   * to the screen, true colour, mouse and all. Ends when `run` resolves. Also told of new sizes.
   */
  handOver(run: (wire: TerminalWire) => Promise<void>): Promise<void>;
  /** Job control: restores the terminal, stops the process, and comes back with `fg`. */
  suspend(): void;
  /** To the clipboard of the outermost terminal by OSC 52 (through tmux and screen); false when it is too long. */
  copy(text: string): boolean;
  bell(): void;
  /** The window's title. */
  title(text: string): void;
  /** Bytes written to the terminal so far. */
  readonly written: number;
  /** Restores the terminal; idempotent. */
  close(): void;
}

export interface TerminalWire {
  readonly size: Size;
  onInput(listener: (bytes: Uint8Array) => void): void;
  onResize(listener: (size: Size) => void): void;
  /** Resolves when the terminal has taken it. */
  write(bytes: Uint8Array): Promise<void>;
}
