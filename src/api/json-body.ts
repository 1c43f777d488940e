import type { FastifyInstance } from 'fastify';
import { RegistryError } from '../errors/registry-error.js';

/** Bytes of a request body. */
export const MAX_BODY_BYTES = 64 * 1024;

/** Deeper than any request needs to be, and shallow enough for everything that walks the value recursively. */
const MAX_DEPTH = 32;

/** The tokens of a JSON text that structure it: strings, and the punctuation between them. */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]/gs;

const utf8 = new TextDecoder('utf-8', { fatal: true });

const refuse = (description: string, cause?: unknown) =>
  new RegistryError('invalid_request', description, { cause });

/**
 * The value of a JSON request body; undefined for an empty one.
 *
 * Stricter than `JSON.parse` where two readers could understand the same text differently: the text must be UTF-8, and
 * no object may name a member twice, nor `__proto__` (RFC 8259 §4 and §8.1, RFC 7493 §2.3).
 * @throws RegistryError `invalid_request`
 */
export function parseJsonBody(body: Buffer): unknown {
  if (body.length === 0) return undefined;
  let text: string;
  let value: unknown;
  try {
    text = utf8.decode(body);
  } catch (cause) {
    throw refuse('The request body must be encoded in UTF-8.', cause);
  }
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw refuse('The request body must be valid JSON.', cause);
  }
  if (!isPlain(text, value)) checkMembers(text);
  return value;
}

const QUOTE = '"'.charCodeAt(0);
const BACKSLASH = '\\'.charCodeAt(0);
const COLON = ':'.charCodeAt(0);

/** Whether a text of valid JSON names as many members as its value has, so none of them twice. Where not, somebody must look closer. */
function isPlain(text: string, value: unknown): boolean {
  let named = 0;
  let isInString = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) isInString = !isInString;
    else if (code === BACKSLASH) i++;
    else if (code === COLON && !isInString) named++;
  }
  return named === membersOf(value, 1);
}

/** How many members a value has, with all that is in it; NaN where it is nested too deep, or one is called `__proto__`. */
function membersOf(value: unknown, depth: number): number {
  if (typeof value !== 'object' || value === null) return 0;
  if (depth > MAX_DEPTH || Object.hasOwn(value, '__proto__')) return NaN;
  const values: unknown[] = Object.values(value);
  return values.reduce<number>(
    (sum, inner) => sum + membersOf(inner, depth + 1),
    Array.isArray(value) ? 0 : values.length,
  );
}

/** Walks the text of valid JSON, keeping the names of each open object; null stands for an open array. */
function checkMembers(text: string): void {
  const open: (Set<string> | null)[] = [];
  let previous = '';
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === '{' || token === '[') {
      if (open.push(token === '{' ? new Set() : null) > MAX_DEPTH) {
        throw refuse(`The request body must not be nested deeper than ${MAX_DEPTH} levels.`);
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
  if (name === '__proto__') throw refuse('The request body must not have a member "__proto__".');
  if (members?.has(name)) {
    throw refuse(`The request body must not name the member ${JSON.stringify(name.slice(0, 100))} twice.`);
  }
  members?.add(name);
}

/** RFC 8259 §8.1 has no other encoding, and a reader that believes in one would read something else. */
const isUtf8 = (contentType = '') =>
  [...contentType.matchAll(/;\s*charset\s*=\s*"?([^";]*)/gi)].every(([, charset]) =>
    /^utf-?8\s*$/i.test(charset!),
  );

/** JSON is the only request body there is, and it comes as it is: nothing here unpacks what was compressed. */
export function readJsonOnly(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, ({ headers }, body, done) => {
    if (!isUtf8(headers['content-type'])) {
      return done(
        new RegistryError(
          'unsupported_media_type',
          'Send the request body in UTF-8, without another charset.',
        ),
      );
    }
    try {
      done(null, parseJsonBody(body as Buffer));
    } catch (error) {
      done(error as Error);
    }
  });
  fastify.addHook('onRequest', (request, _reply, done) => {
    const encoding = request.headers['content-encoding'];
    done(
      encoding === undefined || encoding === 'identity'
        ? undefined
        : new RegistryError('unsupported_media_type', 'Send the request body without Content-Encoding.'),
    );
  });
}
