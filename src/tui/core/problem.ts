/** How pages, dialogs and the line at the foot say in one line what went wrong. */

/** The message, and after a colon what to do about it when that is known. */
export function problemText({
  message,
  hint,
}: {
  readonly message: string;
  readonly hint?: string | undefined;
}): string {
  return hint === undefined ? message : `${message}: ${hint}`;
}
