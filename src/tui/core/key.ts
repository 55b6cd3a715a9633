/**
 * A key as pages see it: a name that a person would write in keys.yaml, the text it types, and the bytes it came as.
 * Names: `a`, `A`, `/`, `space`, `enter`, `escape`, `tab`, `shift-tab`, `backspace`, `delete`, `insert`, `up`, `down`,
 * `left`, `right`, `home`, `end`, `pageup`, `pagedown`, `ctrl-d`, `ctrl-]`, `ctrl-space`, `alt-x`, `shift-left`,
 * `f1` … `f12`; modifiers in the order `ctrl-alt-shift-`. Ctrl-H is `backspace`, Ctrl-I `tab` and Ctrl-M `enter`: terminals
 * send the same for them.
 */
export interface Key {
  readonly name: string;
  /** One character (code point) that it types; '' when it types nothing. A combining mark comes as a key of its own. */
  readonly text: string;
  /** As it came from the terminal: what a console gets. */
  readonly bytes: string;
}

export interface Size {
  readonly columns: number;
  readonly rows: number;
}
