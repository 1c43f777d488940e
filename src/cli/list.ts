import { command, type Command } from './arguments.js';

/** The width of a terminal on which a table is not broken. */
const WIDTH = 100;
const GAP = '  ';
const MIN_COLUMN = 8;
/** Twice as wide as others in a terminal. */
const WIDE =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\uff01-\uff60]/u;

/** A command that lists: as a table that fits a terminal, or with all that `json` names. */
export function listCommand<Target, Row>(
  does: string,
  read: (target: Target) => Promise<Row[]>,
  { json, table }: { json: (keyof Row & string)[]; table: (row: Row) => Record<string, string> },
): Command<Target> {
  return command({
    does,
    options: { json: { means: 'print everything, as a JSON array' } },
    prepare:
      ({ json: isJson }) =>
      async (target: Target) => {
        const rows = await read(target);
        process.stdout.write(isJson ? `${JSON.stringify(rows, json, 2)}\n` : tableOf(rows.map(table)));
      },
  });
}

/** The day of a time. */
export const day = (date: Date | null, otherwise: string) => date?.toISOString().slice(0, 10) ?? otherwise;

/** Until when a credential may be used. */
export function expiry({ expiresAt, revokedAt }: { expiresAt: Date | null; revokedAt: Date | null }): string {
  return revokedAt ? 'revoked' : day(expiresAt, 'never');
}

/** The widest columns are cut until a row fits; never the first, which is an ID. */
function tableOf(rows: readonly Record<string, string>[]): string {
  const [first] = rows;
  if (first === undefined) return 'There are none.\n';
  const names = Object.keys(first);
  const lines = [names, ...rows.map((row) => names.map((name) => row[name]!))];
  const widths = names.map((_, i) => Math.max(...lines.map((line) => widthOf(line[i]!))));
  const room = WIDTH - GAP.length * (names.length - 1);
  while (widths.reduce((sum, width) => sum + width) > room) {
    const widest = Math.max(...widths.slice(1));
    if (widest <= MIN_COLUMN) break;
    widths[widths.indexOf(widest, 1)]!--;
  }
  return lines
    .map(
      (line) =>
        `${line
          .map((text, i) => fit(text, widths[i]!))
          .join(GAP)
          .trimEnd()}\n`,
    )
    .join('');
}

const widthOf = (text: string) =>
  [...text].reduce((sum, character) => sum + (WIDE.test(character) ? 2 : 1), 0);

function fit(text: string, width: number): string {
  let fitting = text;
  if (widthOf(text) > width) {
    const characters = [...text];
    while (widthOf(characters.join('')) > width - 1) characters.pop();
    fitting = `${characters.join('')}…`;
  }
  return fitting + ' '.repeat(width - widthOf(fitting));
}
