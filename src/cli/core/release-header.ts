/**
 * What a release file says of itself in its first lines (scripts/release.ts writes them, packaging/install/release.sh
 * reads them). Pure; used by upgrade/release-file.ts. Nothing is verified here: every host does that itself.
 */

export interface ReleaseHeader {
  readonly version: string;
  /** Version and sum: `0.2.0-4f2a91c03b77`. */
  readonly release: string;
  /** As Node names it: `x64`, `arm64`. */
  readonly arch: string;
}

/** Undefined for a file that is no release. @param text its beginning */
export function parseReleaseHeader(text: string): ReleaseHeader | undefined {
  const [shebang, format, ...lines] = text.split('\n').slice(0, 11);
  if (shebang !== '#!/bin/sh' || format !== '#skep-release 1') return undefined;
  const field = (name: string): string | undefined => {
    const line = lines.find((each) => each.startsWith(`#${name} `));
    const value = line?.slice(name.length + 2);
    return value !== undefined && /^[0-9A-Za-z.+-]{1,100}$/.test(value) ? value : undefined;
  };
  const [version, release, arch] = [field('version'), field('release'), field('arch')];
  if (version === undefined || release === undefined || arch === undefined) return undefined;
  return { version, release, arch };
}
