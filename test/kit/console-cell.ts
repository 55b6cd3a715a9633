/** A console stream as its cell has it, played by a test: what came is kept, what is said is told. */
import type { StreamOptions } from '../../src/api/client.ts';
import { type Control, packFrame, unpackFrame } from '../../src/api/core/stream-frames.ts';
import type { Socket } from '../../src/base/socket.ts';
import type { Size } from '../../src/tui/core/key.ts';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

/** One stream as the cell has it. */
export class CellEnd {
  readonly query: StreamOptions;
  readonly cut: () => void;
  readonly controls: Control[] = [];
  input = '';
  readonly #socket: Socket;
  #closed = false;
  /** While it is false nothing is read: the program does not take its input. */
  reads = true;
  #resume: () => void = () => undefined;

  constructor(query: StreamOptions, socket: Socket, cut: () => void) {
    this.query = query;
    this.cut = cut;
    this.#socket = socket;
    void this.#read();
    void socket.closed.then(() => {
      this.#closed = true;
    });
  }
  get closed(): boolean {
    return this.#closed;
  }
  async #read(): Promise<void> {
    for await (const data of this.#socket.messages) {
      if (!this.reads) await new Promise<void>((resolve) => (this.#resume = resolve));
      const frame = typeof data === 'string' ? undefined : unpackFrame(data);
      if (frame?.channel === 'stdin') this.input += new TextDecoder().decode(frame.payload);
      else if (frame !== undefined)
        this.controls.push(JSON.parse(new TextDecoder().decode(frame.payload)) as Control);
    }
  }
  readOn(): void {
    this.reads = true;
    this.#resume();
  }
  async says(control: Control): Promise<void> {
    await this.#socket.send(packFrame('control', encode(JSON.stringify(control))));
  }
  async prints(text: string): Promise<void> {
    await this.#socket.send(packFrame('stdout', encode(text)));
  }
  opens(session = 'cell-1.abc', resumed = false, size: Size = { columns: 80, rows: 22 }): Promise<void> {
    return this.says({ kind: 'opened', session, resumed, size });
  }
  sizes(): Size[] {
    return this.controls.flatMap((control) => (control.kind === 'resize' ? [control.size] : []));
  }
}
