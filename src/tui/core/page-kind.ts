/** The kinds of pages: what the keymap and the actions go by. */

/** Which bindings hold on a page; `dialog` and `text` pages take keys themselves. */
export const pageKinds = [
  'pulses',
  'cells',
  'lrps',
  'instances',
  'tasks',
  'routes',
  'events',
  'brain',
  'messages',
  'consoles',
  'cell',
  'instance',
  'task',
  'text',
  'tree',
  'logs',
  'help',
  'drain',
  'dialog',
] as const;
export type PageKind = (typeof pageKinds)[number];
