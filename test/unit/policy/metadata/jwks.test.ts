import { jwksFaults } from '../../../../src/policy/metadata/jwks.js';

const NOT_A_SET = 'must be a JSON Web Key Set: an object with an array "keys" (RFC 7517 §5)';
const NO_TYPE = 'must have a string "kty" in each key (RFC 7517 §4.1)';
const COUNT = 'must have 1 to 20 keys';
const PRIVATE =
  'must contain public keys only; replace the private or symmetric key that was sent, since it is disclosed';

const rsa = { kty: 'RSA', n: 'AQAB', e: 'AQAB', kid: '1' };
const octets = (length: number) => Buffer.alloc(length, 7).toString('base64url');
const ec = { kty: 'EC', crv: 'P-256', x: octets(32), y: octets(32), use: 'sig', alg: 'ES256', x5c: ['MIIB'] };
const okp = { kty: 'OKP', crv: 'Ed25519', x: octets(32) };
const COORDINATES =
  'must have base64url coordinates of the length that the curve requires in each key (RFC 7518 §6.2.1, RFC 8037 §2)';

it.each([
  ['public keys of each kind', { keys: [rsa, ec, okp] }, []],
  ['P-384', { keys: [{ ...ec, crv: 'P-384', x: octets(48), y: octets(48) }] }, []],
  ['P-521', { keys: [{ ...ec, crv: 'P-521', x: octets(66), y: octets(66) }] }, []],
  ['Ed448', { keys: [{ ...okp, crv: 'Ed448', x: octets(57) }] }, []],
  ['an unknown curve', { keys: [{ ...ec, crv: 'P-999', x: octets(3), y: octets(5) }] }, []],
  ['x too short', { keys: [rsa, { ...ec, x: octets(31) }] }, [COORDINATES]],
  ['x too long', { keys: [{ ...ec, x: octets(33) }] }, [COORDINATES]],
  ['y too short', { keys: [{ ...ec, y: octets(31) }] }, [COORDINATES]],
  ['no y', { keys: [{ ...ec, y: undefined }] }, [COORDINATES]],
  ['x that is not a string', { keys: [{ ...ec, x: 1 }] }, [COORDINATES]],
  ['x with padding', { keys: [{ ...ec, x: `${octets(32)}=` }] }, [COORDINATES]],
  [
    'x in base64',
    { keys: [{ ...ec, x: Buffer.alloc(32, 0xff).toString('base64').slice(0, 43) }] },
    [COORDINATES],
  ],
  ['coordinates of another curve', { keys: [{ ...ec, crv: 'P-384' }] }, [COORDINATES]],
  [
    'P-521 without its leading zero',
    { keys: [{ ...ec, crv: 'P-521', x: octets(65), y: octets(66) }] },
    [COORDINATES],
  ],
  ['an Ed25519 key that is too short', { keys: [{ ...okp, x: octets(31) }] }, [COORDINATES]],
  [
    'no curve',
    { keys: [{ ...ec, crv: undefined }] },
    ['must have a string "crv" in each key of type EC or OKP (RFC 7518 §6.2.1)'],
  ],
  ['a curve that is a name of every object', { keys: [{ ...ec, crv: 'constructor' }] }, []],
  ['unknown members, which RFC 7517 §5 lets be', { keys: [{ ...rsa, extra: {} }], extra: 1 }, []],
  ['20 keys', { keys: Array(20).fill(rsa) }, []],
  ['21 keys', { keys: Array(21).fill(rsa) }, [COUNT]],
  ['no keys', { keys: [] }, [COUNT]],
  ['an empty object', {}, [NOT_A_SET]],
  ['a single key', rsa, [NOT_A_SET]],
  ['an array', [rsa], [NOT_A_SET]],
  ['null', null, [NOT_A_SET]],
  ['a string', JSON.stringify({ keys: [rsa] }), [NOT_A_SET]],
  ['keys that are an object', { keys: { 0: rsa, length: 1 } }, [NOT_A_SET]],
  ['a key that is null', { keys: [rsa, null] }, [NO_TYPE]],
  ['a key that is an array', { keys: [[rsa]] }, [NO_TYPE]],
  ['a key without a type', { keys: [rsa, { n: 'AQAB' }] }, [NO_TYPE]],
  ['a key whose type is not a string', { keys: [{ kty: ['RSA'] }] }, [NO_TYPE]],
  ['a private elliptic-curve key', { keys: [rsa, { ...ec, d: 'd' }] }, [PRIVATE]],
  ['a private Ed25519 key', { keys: [{ ...okp, d: 'd' }] }, [PRIVATE]],
  ...['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth'].map((member): [string, unknown, string[]] => [
    `the private RSA member ${member}`,
    { keys: [{ ...rsa, [member]: '' }] },
    [PRIVATE],
  ]),
  ['a symmetric key', { keys: [{ kty: 'oct', k: 'c2VjcmV0' }] }, [PRIVATE]],
  // RFC 9964 §3: the private member of an Algorithm Key Pair is "priv"
  ['a private ML-DSA key', { keys: [{ kty: 'AKP', alg: 'ML-DSA-44', pub: 'p', priv: 's' }] }, [PRIVATE]],
] as [string, unknown, string[]][])('A key set is validated: %s', (_, jwks, faults) => {
  expect(jwksFaults(jwks)).toEqual(faults);
});
