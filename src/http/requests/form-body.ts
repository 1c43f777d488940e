import { NO_PROTO } from '../../json/strict-json.js';
import { RegistryError } from '../../errors/registry-error.js';
import { MAX_PARAMETERS } from './parameters.js';

export const FORM = 'application/x-www-form-urlencoded';

const PLUS = 0x2b;
const SPACE = 0x20;

/**
 * The parameters of a form body (RFC 6749 appendix B). Parameters without a value count as omitted (§3.1).
 * @param repeatable the one parameter that may be repeated, whose value is a list then; undefined: none
 * @throws RegistryError `invalid_request` for malformed encoding, a repeated parameter (§3.2) or more than 100 parameters
 */
export function parseFormBody(body: Buffer, repeatable?: string): Record<string, string | string[]> {
  const pairs = withSpaces(body).split('&', MAX_PARAMETERS + 1);
  if (pairs.length > MAX_PARAMETERS) throw malformed(`has more than ${MAX_PARAMETERS} parameters`);
  const parameters: Record<string, string | string[]> = {};
  const names = new Set<string>();
  for (const pair of pairs) {
    const separator = pair.indexOf('=');
    const name = decode(separator === -1 ? pair : pair.slice(0, separator));
    const value = separator === -1 ? '' : decode(pair.slice(separator + 1));
    // An object would have another prototype instead of the parameter
    if (name === '__proto__') throw malformed(NO_PROTO);
    if (pair !== '' && name !== repeatable && names.has(name)) {
      throw malformed('repeats a parameter. Send each parameter once');
    }
    names.add(name);
    if (value === '') continue;
    parameters[name] = Object.hasOwn(parameters, name) ? [parameters[name]!, value].flat() : value;
  }
  return parameters;
}

/** The text of a body, with spaces in place of `+`. Byte by byte: to replace them in the text takes 20 times as long. */
function withSpaces(body: Buffer): string {
  const bytes = Buffer.from(body);
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    // Everything but ASCII is percent-encoded
    if (byte < 0x21 || byte > 0x7e) throw malformed('is not percent-encoded');
    if (byte === PLUS) bytes[i] = SPACE;
  }
  return bytes.toString('latin1');
}

function decode(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    throw malformed('is not percent-encoded UTF-8');
  }
}

const malformed = (fault: string) => new RegistryError('invalid_request', `The form body ${fault}.`);
