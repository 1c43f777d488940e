/** Why a JSON text is not taken; completes the sentence "TEXT …". */
export class JsonFault extends Error {}

/** Deeper than any request needs to be, and shallow enough for everything that walks the value recursively. */
export const MAX_DEPTH = 32;

/** The tokens of a JSON text that structure it: strings, and the punctuation between them. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]/gs;

export const TOO_DEEP = `must not be nested deeper than ${MAX_DEPTH} levels`;
export const NO_PROTO = 'must not have a member "__proto__"';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * The value of a JSON text that somebody else wrote. Stricter than `JSON.parse` where two readers could understand the same text differently:
 * it must be UTF-8, and no object may name a member twice, nor `__proto__` (RFC 8259 §4 and §8.1, RFC 7493 §2.3).
 * @throws JsonFault
 */
export function parseStrictJson(source: string | Uint8Array): unknown {
  const text = typeof source === 'string' ? source : decode(source);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new JsonFault('must be valid JSON', { cause });
  }
  checkMembers(text);
  return value;
}

function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new JsonFault('must be encoded in UTF-8', { cause });
  }
}

/** Walks the text of valid JSON, keeping the names of each open object; null stands for an open array. */
function checkMembers(text: string): void {
  const open: (Set<string> | null)[] = [];
  let previous = '';
  for (const token of text.match(TOKEN) ?? []) {
    if (token === '{' || token === '[') {
      if (open.push(token === '{' ? new Set() : null) > MAX_DEPTH) {
        throw new JsonFault(TOO_DEEP);
      }
    } else if (token === '}' || token === ']') {
      open.pop();
    } else if (token === ':') {
      noteMember(open.at(-1), JSON.parse(previous) as string);
    }
    previous = token;
  }
}

function noteMember(members: Set<string> | null | undefined, name: string): void {
  if (name === '__proto__') throw new JsonFault(NO_PROTO);
  if (members?.has(name)) {
    throw new JsonFault(`must not name the member ${JSON.stringify(name.slice(0, 100))} twice`);
  }
  members?.add(name);
}
