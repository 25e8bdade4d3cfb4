import { oneLine } from './printable.ts';

/** A narrower column is harder to read than a line that the terminal wraps. */
const leastWidth = 30;

/** A text in lines of so many characters, broken between words; a longer word has a line of its own. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of oneLine(text).split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= Math.max(width, leastWidth))
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/**
 * A line whose text is wrapped beside what stands before it: `head` on the first row, spaces of the same
 * width on the others.
 */
export function besideHead(head: string, text: string, columns: number): string {
  return `${head}${wrapped(text, columns - head.length).join(`\n${' '.repeat(head.length)}`)}`;
}
