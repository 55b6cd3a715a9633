/** Why a container ended, in Diego's words and with what an operator wants to see at three in the morning. */
import type { Container } from './container.ts';

const maxLines = 5;
const maxChars = 600;

/** `Exited with status 17`, `Exited with status 137 (out of memory)`: reference/diego.md 1.9. */
export function exitReason(container: Pick<Container, 'exitCode' | 'oomKilled'>): string {
  const status = container.exitCode === undefined ? 'Exited' : `Exited with status ${container.exitCode}`;
  return container.oomKilled ? `${status} (out of memory)` : status;
}

/** The reason with the last lines that the container wrote; without any, the reason alone. */
export function withLastLines(reason: string, lines: readonly string[]): string {
  const last = lines.filter((line) => line.trim() !== '').slice(-maxLines);
  if (last.length === 0) return reason;
  const text = last.map((line) => line.trimEnd()).join(' | ');
  return `${reason}; last output: ${text.length > maxChars ? `…${text.slice(1 - maxChars)}` : text}`;
}
