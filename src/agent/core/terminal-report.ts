/**
 * Answers that terminals give by themselves. Several terminals may show one console session; only one of them may
 * answer what the program asks. Used by console-session.ts.
 */

const reportMaxBytes = 4_096;

const reports = new RegExp(
  [
    // Who are you (DA), where is the cursor (CPR), are you well (DSR), which mode is set (DECRPM), window sizes.
    '\\u001b\\[[?>=]?[0-9;]*[cRnt]',
    '\\u001b\\[\\??[0-9;]*\\$y',
    // Colours (OSC), settings and names (DCS).
    '\\u001b\\][0-9;]*[^\\u0007\\u001b]{0,200}(?:\\u0007|\\u001b\\\\)',
    '\\u001bP[^\\u001b]{0,1000}\\u001b\\\\',
    // The window has the focus or has lost it.
    '\\u001b\\[[IO]',
  ].join('|'),
  'g',
);

/** Whether this input is nothing but such answers: nobody typed it. */
export function isTerminalReport(input: Uint8Array): boolean {
  if (input[0] !== 0x1b || input.length > reportMaxBytes) return false;
  const text = Array.from(input, (byte) => String.fromCharCode(byte)).join('');
  return text.replaceAll(reports, '') === '';
}
