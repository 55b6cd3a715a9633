/** Which output a logs page wants. */
export interface LogRequest {
  /** An LRP's name for all of its instances (new ones join by themselves), `web/0` for one, or a task's guid. */
  readonly target: { readonly lrp: string } | { readonly instance: string } | { readonly task: string };
  /** Lines of each instance to begin with. */
  readonly tail: number;
  /** Nothing older than this, milliseconds since the epoch. */
  readonly since?: number | undefined;
  /** The output of the container that crashed before this one. */
  readonly previous: boolean;
}
