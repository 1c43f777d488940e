export const MAX_SCOPES = 100;
export const MAX_SCOPE_LENGTH = 128;

/** RFC 6749 §3.3: printable ASCII without space, double quote and backslash. */
export const SCOPE_TOKEN = new RegExp(`^[\\x21\\x23-\\x5b\\x5d-\\x7e]{1,${MAX_SCOPE_LENGTH}}$`);

export function isScopeToken(value: string): value is string {
  return SCOPE_TOKEN.test(value);
}

/** The scope-tokens of a `scope` member; none for the empty string. */
export function splitScope(scope: string): string[] {
  return scope.split(' ').filter((token) => token !== '');
}

/** Validates a list of scopes. */
export function scopeFaults(scopes: readonly string[]): string[] {
  if (scopes.length > MAX_SCOPES) return [`must have at most ${MAX_SCOPES} scopes`];
  return scopes.every(isScopeToken)
    ? []
    : [
        `must contain only scope-tokens: 1 to ${MAX_SCOPE_LENGTH} printable ASCII characters each, ` +
          'except space, double quote and backslash (RFC 6749 §3.3)',
      ];
}
