import { NO_PROTO } from '../../json/strict-json.js';
import { RegistryError } from '../../errors/registry-error.js';
import { MAX_PARAMETERS } from './parameters.js';

export const FORM = 'application/x-www-form-urlencoded';

/**
 * The parameters of a form body (RFC 6749 appendix B). Parameters without a value count as omitted (§3.1).
 * @param repeatable the one parameter that may be repeated, whose value is a list then; undefined: none
 * @throws RegistryError `invalid_request` for malformed encoding, a repeated parameter (§3.2) or more than 100 parameters
 */
export function parseFormBody(body: Buffer, repeatable?: string): Record<string, string | string[]> {
  const pairs = body.toString('latin1').split('&', MAX_PARAMETERS + 1);
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

function decode(text: string): string {
  // Everything but ASCII is percent-encoded
  if (!/^[\x21-\x7e]*$/.test(text)) throw malformed('is not percent-encoded');
  if (!/[%+]/.test(text)) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw malformed('is not percent-encoded UTF-8');
  }
}

const malformed = (fault: string) => new RegistryError('invalid_request', `The form body ${fault}.`);
