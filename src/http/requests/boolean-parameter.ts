import { RegistryError } from '../../errors/registry-error.js';

/**
 * A query parameter that is on or off, and off if it is absent.
 * @throws RegistryError `invalid_request` if it is anything but `true` or `false`
 */
export function readFlag(name: string, value: unknown): boolean {
  if (value === undefined || value === 'false') return false;
  if (value === 'true') return true;
  throw new RegistryError('invalid_request', 'A query parameter is invalid; see invalid_fields.', {
    invalidFields: { [name]: ['must be true or false'] },
  });
}
