/** The tables of docs/tui.md are those of the terminal UI itself. */
import { expect, test } from 'vitest';
import { readTuiDocument, renderTuiDocument } from '../../scripts/tui-docs.ts';

test('keys and commands are as generated', () => {
  const isCurrent = readTuiDocument() === renderTuiDocument(readTuiDocument());
  expect(isCurrent, 'out of date: run `npm run tui-docs -- --write`').toBe(true);
});

test('a change is noticed', () => {
  const changed = readTuiDocument().replace('Type a command', 'Type something');
  expect(renderTuiDocument(changed)).not.toBe(changed);
});

test('a page without a place for them is refused', () => {
  expect(() => renderTuiDocument('# nothing')).toThrow('has no place');
});
