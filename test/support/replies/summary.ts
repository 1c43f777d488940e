import type { Answer } from '../registry.js';

/** The status, and the code of the error where there is one, in either form. */
export function summaryOf({ status, body }: Answer): string {
  const graphqlCode: Partial<Record<string, string>> = {
    'Authentication is required. Send an API key or a JWT as "Authorization: Bearer TOKEN".': 'unauthorized',
    'The bearer token is malformed, unknown, expired or revoked.': 'invalid_token',
    'This operation requires the viewer, service, or admin role.': 'insufficient_scope',
  };
  const { error, errors } = (body ?? {}) as { error?: string; errors?: { message: string }[] };
  const code = error ?? (errors && (graphqlCode[errors[0]!.message] ?? errors[0]!.message));
  return code ? `${status} ${code}` : String(status);
}
