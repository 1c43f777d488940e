import { pino } from 'pino';
import { escapeControlsInLines } from '../../../../src/observability/logs/loggable.js';
import { NestLogger, readableFormat } from '../../../../src/observability/logs/logger.js';

const CONTROLS = {
  'a line feed': '\n',
  'a carriage return': '\r',
  'a line separator': '\u2028',
  'a paragraph separator': '\u2029',
  'an escape sequence': '\u001b[2J',
  'an escape sequence of 8 bits': '\u009b2J',
  'a backspace': '\b',
  'a deletion': '\u007f',
  'a right-to-left override': '\u202e',
  'a space without width': '\u200b',
  'a tag': '\u{e0041}',
};
const CONTROL = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

const COLORS = /\u001b\[\d*m/g;

/** What is written for a message that a caller has chosen a part of. */
function written(format: (line: string) => string, message: unknown, ...rest: unknown[]): string {
  const lines: string[] = [];
  new NestLogger(pino({}, { write: (line) => lines.push(format(line)) })).warn(message, ...rest, 'Login');
  return lines.join('');
}

describe('What a caller sends', () => {
  it.each(Object.entries(CONTROLS))(
    'is on one line of a terminal, and does not control it: %s',
    async (_, text) => {
      const format = await readableFormat();
      const sent = `x${text}[03:00:00.000] WARN: forged`;
      const [first, ...others] = written(format, `Failed: ${sent}`, { sent })
        .replace(COLORS, '')
        .trimEnd()
        .split('\n');
      expect(first).toMatch(/WARN.*: Failed: x\\u[^]*forged$/);
      expect(first).not.toMatch(CONTROL);
      // Fields are indented
      for (const line of others) expect(line).toMatch(/^ {4}\w+: "\P{C}+"$/u);

      const error = new Error(sent, { cause: new Error(sent) });
      const [head, ...rest] = written(format, error).replace(COLORS, '').trimEnd().split('\n');
      expect(head).toMatch(/WARN.*: x\\u[^]*forged$/);
      for (const line of rest) expect(line).toMatch(/^ {4}\P{C}+$/u);
    },
  );

  it('is in the JSON lines as it was sent, but no terminal that shows them is controlled', () => {
    const sent = Object.values(CONTROLS).join('x');
    const line = written(escapeControlsInLines, sent);
    expect(line.trimEnd()).not.toMatch(CONTROL);
    expect((JSON.parse(line) as { msg: string }).msg).toBe(sent);
  });
});
