/** A word that may be typed after `:`, and what it is given. command-table.ts has them all. */
import type { AppModel } from './app-model.ts';
import type { Effect } from './page.ts';
import type { PageFactories } from './pages.ts';

export interface CommandInput {
  /** Words after the command's own, without the filter. */
  readonly words: readonly string[];
  /** What stood behind `/`, if anything did. */
  readonly filter: string | undefined;
  readonly model: AppModel;
  readonly pages: PageFactories;
}

export interface Command {
  /** The first is said in help; the others are short for it. */
  readonly names: readonly string[];
  /** What may follow: `[NAME] [/filter]`. */
  readonly takes: string;
  readonly help: string;
  /** What the first word after it may be; absent: names that the pages know. */
  readonly choices?: (model: AppModel) => readonly string[];
  run(input: CommandInput): readonly Effect[];
}
