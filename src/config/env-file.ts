import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';

/** What a file of variables says, and what is wrong with it: a line for each fault, without any value, which may be a secret. */
export interface EnvFile {
  variables: Readonly<Record<string, string>>;
  faults: readonly string[];
}

const UTF16_MARKS = ['fffe', 'feff'];
const UNREADABLE: Partial<Record<string, string>> = {
  EISDIR: 'it is a directory',
  EACCES: 'this user may not read it',
};

/**
 * Reads a file of NAME=VALUE lines, such as `.env`, as Node.js does (`util.parseEnv`); what that would skip, cut or misread is a fault.
 * @param nameFault what is wrong with the name of a variable, if anything
 */
export function readEnvFile(path: string, nameFault: (name: string) => string | undefined): EnvFile {
  const text = readText(path);
  if (typeof text !== 'string') return { variables: {}, faults: text };
  const variables: Record<string, string> = {};
  const faults: string[] = [];
  for (const { line, source } of statementsOf(text)) {
    const fault = syntaxFault(source);
    const [[name, value] = ['', ''], ...others] = Object.entries(parseEnv(source) as Record<string, string>);
    if (fault !== undefined) faults.push(`${path} line ${line} ${fault}`);
    else if (name !== nameIn(source) || others.length > 0)
      faults.push(`${path} line ${line} ${NO_ASSIGNMENT}`);
    else if (nameFault(name) !== undefined) faults.push(`${path} line ${line}: ${nameFault(name)}`);
    else variables[name] = value;
  }
  return { variables, faults };
}

/** The text, or the errors that prevent reading it. Without a file the text is empty. */
function readText(path: string): string | string[] {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' ? '' : [`Cannot read ${path}: ${UNREADABLE[code] ?? message}`];
  }
  if (UTF16_MARKS.includes(bytes.toString('hex', 0, 2))) return [`${path} is UTF-16: save it as UTF-8`];
  const lineAt = (at: number) => bytes.subarray(0, at).toString('latin1').split('\n').length;
  const nul = bytes.indexOf(0);
  if (nul >= 0) return [`${path} line ${lineAt(nul)} has a NUL byte: save the file as UTF-8 text`];
  if (!isUtf8(bytes)) {
    const lines = bytes.toString('latin1').split('\n');
    const bad = lines.findIndex((line) => !isUtf8(Buffer.from(line, 'latin1')));
    return [`${path} line ${bad + 1} is not UTF-8: save the file as UTF-8 text`];
  }
  // Takes the byte order mark away; an editor that ends lines with CR alone means lines, too
  return new TextDecoder().decode(bytes).replace(/\r\n?/g, '\n');
}

const NO_ASSIGNMENT = 'is not an assignment: write NAME=VALUE';
/** As far as the quote that a value begins with, if it does. */
const ASSIGNMENT = /^\s*(?:export )?\s*([\w.-]+)[^\S\n]*=[^\S\n]*(["'`]?)/;

const nameIn = (source: string) => ASSIGNMENT.exec(source)?.[1];

/** Lines that say something; a quoted value may take several. */
function* statementsOf(text: string): Generator<{ line: number; source: string }> {
  const lines = text.split('\n');
  for (let i = 0; i < lines.length; i++) {
    const line = i + 1;
    if (/^\s*(?:#|$)/.test(lines[i]!)) continue;
    const [head, , quote] = ASSIGNMENT.exec(lines[i]!) ?? [];
    const rest = lines.slice(i).join('\n');
    const end = head && quote ? rest.indexOf(quote, head.length) : -1;
    const extent = end < 0 ? 0 : rest.slice(0, end).split('\n').length - 1;
    yield { line, source: lines.slice(i, i + extent + 1).join('\n') };
    i += extent;
  }
}

function syntaxFault(source: string): string | undefined {
  const [head, , quote] = ASSIGNMENT.exec(source) ?? [];
  if (head === undefined) return NO_ASSIGNMENT;
  if (!quote) {
    return /\S#/.test(source.slice(head.length - 1))
      ? 'has a # in its value, which would end there: put the value in quotes'
      : undefined;
  }
  const end = source.indexOf(quote, head.length);
  if (end < 0) return 'has a quote that is not closed';
  return /^\s*(?:#|$)/.test(source.slice(end + 1)) ? undefined : 'has text after the closing quote';
}
