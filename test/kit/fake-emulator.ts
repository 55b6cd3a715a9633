/** A terminal in memory that keeps what was written as it came: what a console shows is then what its program wrote. */
import type { CreateEmulator, EmulatorOptions } from '../../src/agent/emulator.ts';

/** Answers every `ESC [ c` (who are you?) with `ESC [ ? 1 ; 2 c`, as a terminal does. */
export const fakeEmulator: CreateEmulator = async ({ size, onAnswer }: EmulatorOptions) => {
  let text = '';
  let { columns, rows } = size;
  const decoder = new TextDecoder();
  return {
    async write(data) {
      const more = decoder.decode(data, { stream: true });
      text += more;
      if (more.includes('\u001b[c')) onAnswer('\u001b[?1;2c');
    },
    resize(next) {
      ({ columns, rows } = next);
    },
    paint: () => `<${columns}x${rows}>${text}`,
    get title() {
      return text.split('\u001b]2;')[1]?.split('\u0007')[0] ?? '';
    },
    close: () => undefined,
  };
};
