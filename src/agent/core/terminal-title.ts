/** A title that a program in a container gave its terminal, made plain: it travels to people who only list consoles. */

const titleMaxChars = 200;
/** Control characters, line separators, and the marks that turn the direction of text around. */
const unsafe = /\p{Cc}|\p{Bidi_Control}|[\u2028\u2029]/gu;

/** Without what could steer a terminal, and at most 200 characters long. */
export function plainTitle(title: string): string {
  return Array.from(title.slice(0, 4 * titleMaxChars).replaceAll(unsafe, ''))
    .slice(0, titleMaxChars)
    .join('');
}
