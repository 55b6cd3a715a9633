/** Proof of who is at the other end of the local socket. Implemented by http/local-tickets.ts. */
export interface Tickets {
  /** A ticket that counts once `file` was made with it inside. Throws `Busy` while too many wait. */
  challenge(): { readonly file: string; readonly ticket: string };
  /** The user who proved the ticket; undefined when it is not proved, too old, or not ours. */
  userOf(ticket: string): number | undefined;
}
