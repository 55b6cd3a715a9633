/** How instances are counted and named. Apart from ids.ts, which loads the schemas' package. */

/** The largest instance count that one LRP may ask for; above it the number is a typing mistake. */
export const maxInstances = 100_000;

/** How people and logs name one instance: `web/2`. */
export function instanceName(guid: string, index: number): string {
  return `${guid}/${index}`;
}
