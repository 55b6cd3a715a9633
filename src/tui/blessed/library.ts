/**
 * blessed as we use it: its screen as a grid that writes what changed, and nothing else of it. Its published types know
 * its widgets, not this; what is said here was read in version 0.1.81, which is pinned.
 */
import blessedLibrary from 'blessed';

/** One cell: flags << 18 | foreground << 9 | background, and its character. */
export type BlessedCell = [attr: number, character: string];
/** Only lines that are marked are looked at when drawing. */
export type BlessedLine = BlessedCell[] & { dirty: boolean };

export interface BlessedScreen {
  lines: BlessedLine[];
  readonly program: {
    cols: number;
    rows: number;
    /** It does not show the cursor after drawing then. */
    cursorHidden: boolean;
    flush(): void;
  };
  readonly tput: {
    colors: number;
    brokenACS: boolean;
    /** `U8`: 1 where the terminal is known to do UTF-8 whatever the locale is. */
    readonly numbers: { U8?: number };
    /** Saves the cursor before drawing, and brings it back after. */
    sc: () => string;
    rc: () => string;
  };
  /** Forgets what is there, and clears. */
  alloc(): void;
  draw(start: number, end: number): void;
  enter(): void;
  leave(): void;
  readonly children: readonly object[];
  append(widget: object): void;
  remove(widget: object): void;
  destroy(): void;
}

/** What blessed would do to the process: it ends it with status 0 at signals. It is made to think that it did so. */
interface Bound {
  _bound?: boolean;
  _exitHandler?: () => void;
  _exceptionHandler?: () => void;
  _sigtermHandler?: () => void;
  _sigintHandler?: () => void;
  _sigquitHandler?: () => void;
}

interface Library {
  readonly Screen: Bound;
  readonly Program: Bound;
  screen(options: Readonly<Record<string, unknown>>): BlessedScreen;
  readonly tput: { readonly ipaths: unknown[] };
  readonly unicode: { charWidth(character: string, index: number): number };
}

const library = blessedLibrary as unknown as Library;

/** Cells that blessed takes a character for. */
export const blessedWidth = (character: string): number => library.unicode.charWidth(character, 0);

export interface BlessedScreenOptions {
  readonly input: NodeJS.EventEmitter;
  readonly output: NodeJS.EventEmitter & { readonly columns: number; readonly rows: number };
  /** One of the descriptions in its own `usr` folder. */
  readonly terminal: string;
  readonly unicode: boolean;
}

export function blessedScreen({ input, output, terminal, unicode }: BlessedScreenOptions): BlessedScreen {
  leaveProcessAlone();
  // The descriptions of the system may be in the newer format, of which blessed makes nonsense: it is to use its own.
  library.tput.ipaths.length = 0;
  return library.screen({
    input,
    output,
    terminal,
    fullUnicode: unicode,
    forceUnicode: unicode,
    warnings: false,
  });
}

function leaveProcessAlone(): void {
  const nothing = (): void => undefined;
  Object.assign(library.Screen, {
    _exceptionHandler: nothing,
    _sigtermHandler: nothing,
    _sigintHandler: nothing,
    _sigquitHandler: nothing,
    _exitHandler: nothing,
  });
  library.Program._exitHandler = nothing;
  library.Screen._bound = true;
  library.Program._bound = true;
}
