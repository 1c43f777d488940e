import { RegistryError } from '../../errors/registry-error.js';
import { requireObject } from './shape.js';

/** Parameters of a form or JSON body. */
export type Parameters = Record<string, string>;

/**
 * The parameters of a body. Those without a value count as omitted (RFC 6749 §3.1).
 * @throws RegistryError `invalid_request`
 */
export function readParameters(body: unknown): Parameters {
  const members = Object.entries(requireObject(body));
  const faulty = members.filter(([, value]) => typeof value !== 'string').map(([name]) => name);
  if (faulty.length > 0) {
    throw new RegistryError('invalid_request', 'Parameters must be strings.', {
      invalidFields: Object.fromEntries(faulty.map((name) => [name, ['must be a string']])),
    });
  }
  return Object.fromEntries(members.filter(([, value]) => value !== '')) as Parameters;
}
