import { type Clock, isoTime } from '../runtime/clock.ts';
import { pause } from '../runtime/pause.ts';
import { printable } from '../runtime/printable.ts';
import { type ScreenSize, screenSize } from './screen-size.ts';

const everyMs = 2_000;
const top = '\u001B[H';
const restOfLine = '\u001B[K';
const restOfScreen = '\u001B[J';

/** A terminal, or what takes the place of one. */
export type Screen = Pick<NodeJS.WriteStream, 'write'> &
  Partial<Pick<NodeJS.WriteStream, 'isTTY' | 'columns' | 'rows'>>;

/**
 * Shows one picture after the other until the signal is aborted: on a terminal each in the place of the one before,
 * elsewhere one below the other, without control characters.
 *
 * @returns the last one
 */
export async function watch<Picture extends { readonly text: string }>(
  look: () => Promise<Picture>,
  { clock, screen, signal }: { readonly clock: Clock; readonly screen: Screen; readonly signal: AbortSignal },
): Promise<Picture> {
  if (screen.isTTY) screen.write(top + restOfScreen);
  for (;;) {
    const picture = await look();
    if (screen.isTTY) {
      const about = `${isoTime(clock.now()).slice(0, 19)}Z, again every ${everyMs / 1_000} s; Ctrl-C ends`;
      const lines = fitted([about, '', ...printable(picture.text).split('\n')], screenSize(screen));
      // Overwritten, not wiped first: it does not flicker.
      screen.write(top + lines.map((line) => `${line}${restOfLine}\n`).join('') + restOfScreen);
    } else screen.write(`${printable(picture.text)}\n\n`);
    await pause(clock, everyMs, signal);
    if (signal.aborted) return picture;
  }
}

/** In rows as a terminal breaks them; those that would push the first ones out of sight are left out, and counted. */
export function fitted(lines: readonly string[], { columns, rows }: ScreenSize): string[] {
  const broken = lines.flatMap((line) => chunks(line, columns));
  // The last row is the cursor's.
  const room = Math.max(2, rows - 1);
  if (broken.length <= room) return broken;
  const shown = broken.slice(0, room - 1);
  return [...shown, `… ${broken.length - shown.length} more lines`];
}

function chunks(line: string, columns: number): string[] {
  if (line.length <= columns) return [line];
  return Array.from({ length: Math.ceil(line.length / columns) }, (_, at) =>
    line.slice(at * columns, (at + 1) * columns),
  );
}
