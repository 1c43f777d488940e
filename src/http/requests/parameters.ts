import { RegistryError } from '../../errors/registry-error.js';
import { requireObject } from './shape.js';

/** More than any OAuth request has. The engine takes time that grows with their square. */
export const MAX_PARAMETERS = 100;

/** Parameters of a form or JSON body. */
export type Parameters = Record<string, string>;

/**
 * The parameters of a body. Those without a value count as omitted (RFC 6749 §3.1).
 * @throws RegistryError `invalid_request`
 */
export function readParameters(body: unknown): Parameters {
  const members = Object.entries(requireObject(body));
  if (members.length > MAX_PARAMETERS) {
    throw new RegistryError('invalid_request', `The body has more than ${MAX_PARAMETERS} parameters.`);
  }
  const faulty = members.filter(([, value]) => typeof value !== 'string').map(([name]) => name);
  if (faulty.length > 0) throw notStrings(faulty);
  return Object.fromEntries(members.filter(([, value]) => value !== '')) as Parameters;
}

/**
 * The same, and the values of the parameter that may be repeated: in JSON, a list.
 * @throws RegistryError `invalid_request`
 */
export function readRepeated(
  body: unknown,
  repeatable: string,
): { parameters: Parameters; values: string[] } {
  const { [repeatable]: sent = [], ...others } = requireObject(body);
  const values: unknown[] = [sent].flat();
  if (!values.every((value) => typeof value === 'string')) throw notStrings([repeatable]);
  return { parameters: readParameters(others), values: values.filter((value) => value !== '') };
}

const notStrings = (names: readonly string[]) =>
  new RegistryError('invalid_request', 'Parameters must be strings.', {
    invalidFields: Object.fromEntries(names.map((name) => [name, ['must be a string']])),
  });
