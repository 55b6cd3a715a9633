/**
 * Node prints warnings about the process to standard error, which is the operator's screen while the terminal UI has
 * it. Held back meanwhile, they are told when the screen has been given back. Used by ui.ts.
 */

const heldMax = 20;

export interface HeldWarnings {
  /** Lets Node print again; what it would have printed, the first of them. */
  release(): readonly string[];
}

export function holdWarnings(): HeldWarnings {
  const printers = process.listeners('warning');
  const held: string[] = [];
  const hold = ({ name, message }: Error): void => {
    if (held.length < heldMax) held.push(`${name}: ${message}`);
  };
  process.removeAllListeners('warning');
  process.on('warning', hold);
  return {
    release() {
      process.off('warning', hold);
      for (const printer of printers) process.on('warning', printer);
      return held;
    },
  };
}
