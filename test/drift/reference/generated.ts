import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { format, resolveConfig } from 'prettier';

/** Compares a file with what the code says, or writes it with `WRITE_SCHEMA=1`. */
export async function expectGenerated(file: string, content: string): Promise<void> {
  const isFormatted = /\.(?:md|json)$/.test(file);
  const text = isFormatted
    ? await format(content, { ...(await resolveConfig(file)), filepath: file })
    : content;
  if (process.env.WRITE_SCHEMA) {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  expect(await readFile(file, 'utf8')).toBe(text);
}

/** A page of the reference. @param intro what the page helps with, in one sentence */
export const pageOf = (title: string, intro: string, source: string, ...parts: string[]): string =>
  [`# ${title}`, intro, `<!-- Generated from ${source} by \`npm run schema\`. -->`, ...parts].join('\n\n');

/** A table of Markdown. */
export function tableOf(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [headings, headings.map(() => '---'), ...rows];
  return lines
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n');
}

export const code = (text: string): string => `\`${text}\``;

/** Text that is no Markdown. */
export const plain = (text: string): string => text.replace(/[*<]/g, '\\$&');
