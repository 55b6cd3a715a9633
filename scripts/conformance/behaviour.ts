/** What the table of conformance is made of: one behaviour of Diego a number, as reference/diego.md section 2 counts them. */

export interface Behaviour {
  /** What Diego does, in our words; at most 120 characters. */
  readonly does: string;
  /** Skep does otherwise on purpose: what, and why. */
  readonly differs?: string;
  /** Nothing of it is there, or no test shows it: what would bring it. */
  readonly notYet?: string;
  /** Some of it is there and tested: what is missing. */
  readonly partly?: string;
}

export interface Section {
  readonly title: string;
  readonly behaviours: Readonly<Record<number, Behaviour>>;
}

/** The numbers are 1 to this. */
export const behaviourCount = 366;
export const doesMaxChars = 120;
