import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OutputFilter } from './output-filter.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

function filtered(text: string, cut?: number): string {
  const filter = new OutputFilter(24);
  const bytes = bytesOf(text);
  if (cut === undefined) return textOf(filter.push(bytes));
  const first = filter.push(bytes.subarray(0, cut));
  const second = filter.push(bytes.subarray(cut));
  return textOf(Uint8Array.from([...first, ...second]));
}

const cases: readonly (readonly [string, string, string])[] = [
  ['plain text', 'ls -l é 漢字\r\n', 'ls -l é 漢字\r\n'],
  ['colours and moves', '\x1b[1;31mred\x1b[0m\x1b[2;5H', '\x1b[1;31mred\x1b[0m\x1b[2;5H'],
  ['private modes', '\x1b[?1049h\x1b[?25l', '\x1b[?1049h\x1b[?25l'],
  ['character sets', '\x1b(0qq\x1b(B', '\x1b(0qq\x1b(B'],
  ['a title', '\x1b]0;vi\x07x', '\x1b]0;vi\x07x'],
  ['a title ended by ST', '\x1b]2;vi\x1b\\x', '\x1b]2;vi\x07x'],
  ['the clipboard (OSC 52)', 'a\x1b]52;c;aGk=\x07b', 'ab'],
  ['links (OSC 8)', '\x1b]8;;http://x\x1b\\text\x1b]8;;\x1b\\', 'text'],
  ['fonts (OSC 50)', '\x1b]50;x\x07', ''],
  ['device control strings', 'a\x1bP$qm\x1b\\b', 'ab'],
  ['APC, PM and SOS', '\x1b_x\x1b\\\x1b^y\x1b\\\x1bXz\x1b\\.', '.'],
  ['window reports', '\x1b[21t\x1b[18t\x1b[22;0t.', '.'],
  ['more lines than the screen has', '\x1b[2147483647L\x1b[999M\x1b[5S', '\x1b[24L\x1b[24M\x1b[5S'],
  ['a huge count', '\x1b[99999999C', '\x1b[9999C'],
  ['a repeat', 'ab\x1b[3bc', 'abbbbc'],
  ['a repeat of a wide character', '漢\x1b[2b', '漢漢漢'],
  ['C1 controls', 'a\u009b31mb\u0090x', 'a31mbx'],
  ['a C1 control in a title', '\x1b]0;a\u009cb\u009b99999Lc\x07', '\x1b]0;ab99999Lc\x07'],
  ['a sequence that is broken off', '\x1b[31\x18x', 'x'],
  ['a control inside of a sequence', '\x1b[3\n1mx', '\n\x1b[31mx'],
  ['letters with the lead byte of C1', 'café ±', 'café ±'],
];

describe('what the filter lets through', () => {
  test.each(cases)('%s', (_name, input, expected) => {
    expect(filtered(input)).toBe(expected);
  });

  test.each(cases)('%s, split at every byte', (_name, input, expected) => {
    for (let cut = 0; cut <= bytesOf(input).length; cut += 1) expect(filtered(input, cut)).toBe(expected);
  });
});

test('a title that never ends and a sequence that never ends take no memory and give nothing', () => {
  const filter = new OutputFilter(24);
  const payload = bytesOf('9'.repeat(65_536));
  expect(textOf(filter.push(bytesOf('\x1b]0;')))).toBe('');
  for (let i = 0; i < 160; i += 1) expect(filter.push(payload)).toHaveLength(0);
  expect(textOf(filter.push(bytesOf('\x07'))).length).toBeLessThan(600);
  filter.push(bytesOf('\x1b['));
  for (let i = 0; i < 160; i += 1) expect(filter.push(payload)).toHaveLength(0);
  expect(textOf(filter.push(bytesOf('mok')))).toBe('ok');
});

test('whatever comes, no C1 control, no string but a title and no unbounded count is left', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      '\x1b',
      '[',
      ']',
      'P',
      '\x9b',
      '\u009b',
      '0;',
      '52;c;',
      '\x07',
      '\x1b\\',
      'L',
      'b',
      '99999',
      'é',
    ),
    fc.string({ maxLength: 5 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), fc.nat(100), (pieces, cut) => {
      const out = filtered(pieces.join(''), cut);
      expect(out).not.toMatch(/[\u0080-\u009f]/);
      for (const sequence of out.split('\x1b').slice(1)) {
        expect(sequence).not.toMatch(/^[P_^X]/);
        expect(sequence).not.toMatch(/^\](?![012];)/);
        expect(sequence).not.toMatch(/^\[\d{5}/);
      }
    }),
    { numRuns: 500 },
  );
});
