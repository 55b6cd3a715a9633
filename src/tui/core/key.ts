/**
 * A key as pages see it: a name that a person would write in keys.yaml, the text it types, and the bytes it came as.
 * Names: `a`, `A`, `/`, `space`, `enter`, `escape`, `tab`, `shift-tab`, `backspace`, `delete`, `insert`, `up`, `down`,
 * `left`, `right`, `home`, `end`, `pageup`, `pagedown`, `ctrl-d`, `ctrl-]`, `ctrl-space`, `alt-x`, `shift-left`,
 * `f1` … `f12`.
 */
export interface Key {
  readonly name: string;
  /** One grapheme that it types; '' when it types nothing. */
  readonly text: string;
  /** As it came from the terminal: what a console gets. */
  readonly bytes: string;
}

export interface Size {
  readonly columns: number;
  readonly rows: number;
}
