/** What an LRP asks of its cells, in the words of the command line. Used by standing.ts. */
import type { LrpWork } from '../../model/auction.ts';

/** One phrase a rule; none when every cell will do. */
export function rulesText({ rules, fixedPorts, home, priority }: LrpWork): string[] {
  const one = (words: string, value: string | number | undefined): string[] =>
    value === undefined ? [] : [`${words} ${value}`];
  return [
    ...one('os', rules.os),
    ...one('arch', rules.arch),
    ...rules.tags.map((tag) => `tag ${tag}`),
    ...one('runtime', rules.runtime),
    ...rules.volumeDrivers.map((driver) => `volume driver ${driver}`),
    ...one('sticky, at home on', home),
    ...one('spread by', rules.spreadBy),
    ...one('same cell as', rules.sameCellAs),
    ...rules.notWith.map((guid) => `not with ${guid}`),
    ...one('max per cell', rules.maxPerCell),
    ...fixedPorts.map((port) => `host port ${port}`),
    ...(priority === 0 ? [] : [`priority ${priority}`]),
  ];
}
