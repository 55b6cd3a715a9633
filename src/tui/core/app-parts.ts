/**
 * What app.ts needs of the pages, the keymap and the command language, put together. For the composition of the UI and
 * for tests that drive it without a terminal.
 */
import { contextOf } from './app.ts';
import { type AppModel, type AppParts, pageOf } from './app-model.ts';
import { commandLanguage } from './commands.ts';
import { helpPage } from './help-page.ts';
import type { Keymap } from './keymap.ts';
import { messagesPage } from './messages-page.ts';
import type { PageFactories } from './pages.ts';

export function appParts(pages: PageFactories, keymap: Keymap): Omit<AppParts, 'screens'> {
  return {
    ...keymap,
    ...commandLanguage(pages),
    helpPage: (model: AppModel) => {
      const { page } = pageOf(model);
      return helpPage({
        kind: page.kind,
        crumb: page.crumb,
        actions: page.actions(contextOf(model)),
        readOnly: model.settings.readOnly,
        keysOf: keymap.keysOf,
      });
    },
    messagesPage: ({ messages }) => messagesPage(messages),
  };
}
