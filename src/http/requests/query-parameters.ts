import { RegistryError } from '../../errors/registry-error.js';

/**
 * Rejects query parameters that an operation does not have: one that was misspelled would be ignored.
 * @param supported the parameters of the operation
 * @throws RegistryError `invalid_request` that names them
 */
export function rejectUnknownParameters(
  query: Record<string, unknown>,
  supported: readonly string[] = [],
): void {
  const unknown = Object.keys(query).filter((name) => !supported.includes(name));
  if (unknown.length === 0) return;
  throw new RegistryError(
    'invalid_request',
    supported.length === 0
      ? 'Unknown query parameters. The operation supports none.'
      : `Unknown query parameters. Supported: ${supported.join(', ')}.`,
    { invalidFields: Object.fromEntries(unknown.map((name) => [name, ['is not supported; omit it']])) },
  );
}
