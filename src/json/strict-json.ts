/** Why a JSON text is not taken; completes the sentence "TEXT …". */
export class JsonFault extends Error {}

/** Deeper than any request needs to be, and shallow enough for everything that walks the value recursively. */
export const MAX_DEPTH = 32;

/** Members of all objects of a text together. A registration with 100 translations and 20 keys has fewer than 400. */
const MAX_MEMBERS = 1000;

/** Values of a text: more than any request needs, and few enough that they are small in memory, where an empty object takes 100 bytes. */
const MAX_VALUES = 2500;

export const TOO_DEEP = `must not be nested deeper than ${MAX_DEPTH} levels`;
const TOO_MANY_MEMBERS = `must not contain more than ${MAX_MEMBERS} members in all objects`;
const TOO_MANY_VALUES = `must not contain more than ${MAX_VALUES} values`;
export const NO_PROTO = 'must not contain a member "__proto__"';

const INVALID = 'must be valid JSON';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * The value of a JSON text from outside. Stricter than `JSON.parse` where two readers could understand the same text differently:
 * it must be UTF-8, and no object may name a member twice, nor `__proto__` (RFC 8259 §4 and §8.1, RFC 7493 §2.3). Its depth, members and
 * values are bounded.
 * @throws JsonFault
 */
export function parseStrictJson(source: string | Uint8Array): unknown {
  const text = typeof source === 'string' ? source : decode(source);
  try {
    // First, since an object of thousands of members takes milliseconds to make
    checkMembers(text);
    return JSON.parse(text);
  } catch (cause) {
    throw cause instanceof JsonFault ? cause : new JsonFault(INVALID, { cause });
  }
}

function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new JsonFault('must be encoded in UTF-8', { cause });
  }
}

/**
 * Walks a text, keeping the names of each open object; null is an open array. Each name is read once, so that the walk stays linear.
 * What is not JSON it may take for JSON.
 */
function checkMembers(text: string): void {
  const open: (Set<string> | null)[] = [];
  let members = 0;
  let values = 1;
  let string: [start: number, end: number] | null = null;
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    if (character === '"') {
      string = [at, endOfString(text, at)];
      at = string[1];
    } else if (character === '{' || character === '[') {
      if (open.push(character === '{' ? new Set() : null) > MAX_DEPTH) throw new JsonFault(TOO_DEEP);
      if (++values > MAX_VALUES) throw new JsonFault(TOO_MANY_VALUES);
    } else if (character === '}' || character === ']') {
      open.pop();
    } else if (character === ':') {
      const names = open.at(-1);
      if (!names || string === null) throw new JsonFault(INVALID);
      if (++members > MAX_MEMBERS) throw new JsonFault(TOO_MANY_MEMBERS);
      noteMember(names, nameIn(text.slice(string[0], string[1] + 1)));
      string = null;
    } else if (character === ',') {
      if (++values > MAX_VALUES) throw new JsonFault(TOO_MANY_VALUES);
    }
  }
}

/** Where the string ends that begins at `start`, or where the text does. */
function endOfString(text: string, start: number): number {
  let end = start + 1;
  while (end < text.length && text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
  return end;
}

const nameIn = (literal: string) =>
  literal.includes('\\') ? (JSON.parse(literal) as string) : literal.slice(1, -1);

function noteMember(members: Set<string>, name: string): void {
  if (name === '__proto__') throw new JsonFault(NO_PROTO);
  if (members.has(name)) {
    throw new JsonFault(`must not contain the member ${JSON.stringify(name.slice(0, 100))} twice`);
  }
  members.add(name);
}
