/** A console that has the whole terminal: the operator's own, not an emulated one. */
import { describe, expect, test } from 'vitest';
import { SkepError } from '../../src/base/core/errors.ts';
import type { Size } from '../../src/tui/core/key.ts';
import { PaneWorld } from '../kit/pane-world.ts';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('the whole screen', () => {
  class Wire {
    size: Size = { columns: 100, rows: 30 };
    output = '';
    input: (bytes: Uint8Array) => void = () => undefined;
    resized: (size: Size) => void = () => undefined;
    onInput(listener: (bytes: Uint8Array) => void): void {
      this.input = listener;
    }
    onResize(listener: (size: Size) => void): void {
      this.resized = listener;
    }
    async write(bytes: Uint8Array): Promise<void> {
      this.output += new TextDecoder().decode(bytes);
    }
  }

  test('bytes both ways, sizes, a lost line, and leaving by the prefix', async () => {
    const world = new PaneWorld();
    const wire = new Wire();
    const done = world.consoles.handOver(wire, { target: 'web/0', kind: 'shell', full: true }, 'ctrl-]');
    await world.settle();
    const cell = world.last;
    expect(cell.query).toMatchObject({ kind: 'console', columns: 100, rows: 30 });
    await cell.opens('cell-1.full');
    await cell.prints('\x1b[38;2;1;2;3mtrue');
    wire.input(encode('ls\r\x1d\x1d'));
    wire.resized({ columns: 50, rows: 10 });
    await world.settle();
    expect(wire.output).toContain('\x1b[38;2;1;2;3mtrue');
    expect(cell.input).toBe('ls\r\x1d');
    expect(cell.sizes().at(-1)).toEqual({ columns: 50, rows: 10 });
    cell.cut();
    await world.clock.advance(2_000);
    expect(wire.output).toContain('trying again; Ctrl-] d leaves');
    expect(world.last.query.session).toBe('cell-1.full');
    wire.input(encode('\x1dd'));
    await done;
    expect(wire.output).toContain('\x1b[?25h');
    expect(world.flashes().at(-1)).toContain('stays for 10 minutes');
    expect(world.clock.pendingTimers).toBe(0);
  });

  test('one that never opens is refused with the reason', async () => {
    const world = new PaneWorld();
    world.refusal = new SkepError('ResourceNotFound', 'there is no web/9');
    const wire = new Wire();
    await expect(world.consoles.handOver(wire, { target: 'web/9', kind: 'shell' }, 'ctrl-]')).rejects.toThrow(
      'there is no web/9',
    );
  });
});
