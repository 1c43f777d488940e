const MAX_KEYS = 20;

/** Members of private and symmetric keys: RFC 7518 §6, and `priv` of RFC 9964. */
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];

/** A client's public keys (RFC 7517 §5). */
export interface JsonWebKeySet {
  keys: object[];
}

/** Octets of a coordinate, by curve (RFC 7518 §6.2.1, RFC 8037 §2, RFC 8812 §3.1). */
const COORDINATE_OCTETS: ReadonlyMap<unknown, number> = new Map([
  ['P-256', 32],
  ['P-384', 48],
  ['P-521', 66],
  ['secp256k1', 32],
  ['Ed25519', 32],
  ['X25519', 32],
  ['Ed448', 57],
  ['X448', 56],
]);
const COORDINATES: Partial<Record<string, readonly string[]>> = { EC: ['x', 'y'], OKP: ['x'] };

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Validates the JSON Web Key Set of a client. */
export function jwksFaults(jwks: unknown): string[] {
  if (!isObject(jwks) || !Array.isArray(jwks.keys)) {
    return ['must be a JSON Web Key Set: an object with an array "keys" (RFC 7517 §5)'];
  }
  const sent: unknown[] = jwks.keys;
  if (sent.length < 1 || sent.length > MAX_KEYS) return [`must have 1 to ${MAX_KEYS} keys`];
  const keys = sent.filter((key) => isObject(key)).filter(({ kty }) => typeof kty === 'string');
  if (keys.length < sent.length) return ['must have a string "kty" in each key (RFC 7517 §4.1)'];
  if (keys.some((key) => PRIVATE_MEMBERS.some((member) => Object.hasOwn(key, member)))) {
    return [
      'must contain public keys only; replace the private or symmetric key that was sent, since it is disclosed',
    ];
  }
  const ofCurves = keys.filter(({ kty }) => kty === 'EC' || kty === 'OKP');
  if (!ofCurves.every(({ crv }) => typeof crv === 'string')) {
    return ['must have a string "crv" in each key of type EC or OKP (RFC 7518 §6.2.1)'];
  }
  return ofCurves.every(hasGoodCoordinates)
    ? []
    : [
        'must have base64url coordinates of the length that the curve requires in each key (RFC 7518 §6.2.1, RFC 8037 §2)',
      ];
}

/** Verifiers reject other coordinates or fail. */
function hasGoodCoordinates(key: Record<string, unknown>): boolean {
  const octets = COORDINATE_OCTETS.get(key.crv);
  if (octets === undefined) return true;
  return COORDINATES[key.kty as string]!.every((member) => {
    const value = key[member];
    return (
      typeof value === 'string' && /^[\w-]+$/.test(value) && value.length === Math.ceil((octets * 4) / 3)
    );
  });
}

/** RFC 7518 §3.3 and §3.5 require the least size. Above the largest, a signature costs the verifier too much. */
const RSA_BITS = { min: 2048, max: 4096 };
const MAX_RSA_EXPONENT_BITS = 32;

/** Whether a key is one that signatures are verified with, at a bounded cost. */
export function isVerificationKey(key: object): boolean {
  const { kty, n, e } = key as Record<string, unknown>;
  if (kty !== 'RSA') return true;
  const bits = bitsOf(n);
  const exponentBits = bitsOf(e);
  // With an exponent of 1, anyone can sign
  const isExponent = exponentBits > 1 && exponentBits <= MAX_RSA_EXPONENT_BITS;
  return bits >= RSA_BITS.min && bits <= RSA_BITS.max && isExponent;
}

/** Bits of a positive number in base64url (RFC 7518 §2); Infinity if it is not one. */
function bitsOf(value: unknown): number {
  if (typeof value !== 'string' || !/^[\w-]+$/.test(value)) return Infinity;
  const hex = Buffer.from(value, 'base64url').toString('hex').replace(/^0+/, '');
  return hex === '' ? Infinity : hex.length * 4 - (Math.clz32(parseInt(hex[0]!, 16)) - 28);
}
