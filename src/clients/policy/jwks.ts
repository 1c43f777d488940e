const MAX_KEYS = 20;

/** The members that hold a private or symmetric key: RFC 7518 §6, and `priv` for the post-quantum keys of RFC 9964. */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];

/** A client's public keys (RFC 7517 §5). */
export interface JsonWebKeySet {
  keys: object[];
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What is wrong with a client's key set. */
export function jwksFaults(jwks: unknown): string[] {
  if (!isObject(jwks) || !Array.isArray(jwks.keys)) {
    return ['must be a JSON Web Key Set: an object with an array "keys" (RFC 7517 §5)'];
  }
  const keys: unknown[] = jwks.keys;
  if (keys.length < 1 || keys.length > MAX_KEYS) return [`must have 1 to ${MAX_KEYS} keys`];
  if (!keys.every((key) => isObject(key) && typeof key.kty === 'string')) {
    return ['must have a string "kty" in each key (RFC 7517 §4.1)'];
  }
  return keys.some((key) => PRIVATE_MEMBERS.some((member) => Object.hasOwn(key as object, member)))
    ? ['must hold public keys only; a private or symmetric key that was sent here must be replaced']
    : [];
}
