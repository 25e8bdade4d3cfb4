/** Control characters except line feed and tab, changes of text direction, and invisible line separators. */
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const unprintable = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069]/g;
/** The colours of our own commands, and their ends: one in a name only colours the name. */
// oxlint-disable-next-line no-control-regex
const colours = /(\u001B\[(?:0|1|2|22|3\d|9\d)m)/;

/**
 * A text that a terminal shows and does not obey: names in it were chosen by users of the cloud and of the portal, and a
 * process that answers on a local port may be anybody's. What is not printable is shown as `\u{1b}`.
 */
export function printable(text: string): string {
  return text
    .split(colours)
    .map((part, at) => (at % 2 === 1 ? part : part.replace(unprintable, escaped)))
    .join('');
}

/** The same for a text that is one line of several: a name in it cannot look like further lines. */
export function oneLine(text: string): string {
  return printable(text).replaceAll(/[\n\t]/g, escaped);
}

/**
 * The same for a line of JSON, which keeps its meaning: JSON itself escapes only characters below the space.
 */
export function printableJson(line: string): string {
  return line.replace(
    unprintable,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function escaped(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}
