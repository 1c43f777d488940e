import fc from 'fast-check';
import type { TokenIssuer } from '../../test/support/backing-services/token-issuer.js';
import { hostileValue } from './hostile.js';

const HEADER_MEMBERS = ['alg', 'kid', 'typ', 'crit', 'b64', 'jwk', 'jku', 'x5c', 'cty', 'zip'];
const CLAIMS = ['iss', 'aud', 'sub', 'exp', 'nbf', 'iat', 'jti', 'org_id', 'role', 'scope', 'nonce'].concat(
  ['client_name', 'client_uri', 'redirect_uris', 'contacts', 'jwks', 'jwks_uri', 'grant_types'],
  ['software_statement', 'client_name#ja', 'client_id', 'constructor'],
);

/** Values of headers and claims that programs have stumbled over. */
const hostileMember = fc.oneof(
  { weight: 2, arbitrary: hostileValue },
  {
    weight: 1,
    arbitrary: fc.constantFrom<unknown>(
      ['b64'],
      ['exp'],
      ['b64', 'b64'],
      'none',
      'HS256',
      'RS256',
      'EdDSA',
      'at+jwt',
      1e300,
      { toString: 1, valueOf: 1 },
      { replace: 1, test: null },
    ),
  },
);

/** Texts that take the place of a JSON object; some are deep, long, or name a member twice. */
const OTHER_TEXTS = [
  '',
  ' ',
  '{',
  '{}',
  'null',
  '[]',
  '[{"alg":"ES256"}]',
  '"ES256"',
  '1',
  '1e999',
  'no JSON',
  '\ufeff{"alg":"ES256"}',
  '{"alg":"ES256","alg":"none"}',
  '{"__proto__":{"alg":"ES256","iss":"x"}}',
  '{"alg":"ES256","exp":1e999}',
  '['.repeat(5_000),
  '{"a":'.repeat(5_000),
  `${'['.repeat(5_000)}${']'.repeat(5_000)}`,
];

const deep = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);

/** An object whose `members` are valid except for some, as JSON text. */
function textsOf(members: object, names: readonly string[]): fc.Arbitrary<string> {
  const changed = fc
    .array(fc.tuple(fc.constantFrom(...names), fc.option(hostileMember, { nil: undefined })), {
      maxLength: 3,
    })
    .map((changes) => JSON.stringify({ ...members, ...Object.fromEntries(changes) }));
  const deeper = fc
    .tuple(fc.constantFrom(...names), fc.constantFrom(33, 5_000))
    .map(([name, depth]) => JSON.stringify({ ...members, [name]: 0 }).replace(/0\}$/, `${deep(depth)}}`));
  return fc.oneof(
    { weight: 12, arbitrary: changed },
    { weight: 1, arbitrary: deeper },
    { weight: 2, arbitrary: fc.constantFrom(...OTHER_TEXTS) },
  );
}

/** What breaks the encoding, or the form, of a JWT. */
const MANGLINGS: readonly ((jwt: string) => string)[] = [
  (jwt) => jwt.slice(0, -1),
  (jwt) => jwt.replace(/\.[^.]*$/, '.AA'),
  (jwt) => jwt.replace(/\.[^.]*$/, '.'),
  (jwt) => jwt.replace(/\.[^.]*$/, '.A'),
  (jwt) => jwt.replace('.', '..'),
  (jwt) => jwt.replace('.', '=.'),
  (jwt) => jwt.replace(/\./, 'A.'),
  (jwt) => jwt.replace(/[^.]{3}\./, '.'),
  (jwt) => jwt.replace(/^.{8}/, 'eyJhbGc_'),
  (jwt) => jwt.replace(/\.[^.]+/, '._-_-_-'),
  (jwt) => `${jwt}.AA.AA`,
  (jwt) => jwt.replaceAll('.', ' '),
  (jwt) => `eyJhbGc.${jwt.split('.')[1]}.AA`,
];

/** What looks like a JWT of the issuer from afar, or even is signed by it; few are valid. */
export function hostileJwts(issuer: TokenIssuer): fc.Arbitrary<string> {
  return fc
    .record({
      header: textsOf({ alg: 'ES256', kid: 'key-1' }, HEADER_MEMBERS),
      payload: textsOf({ ...issuer.goodClaims(), exp: 4e9 }, CLAIMS),
      mangle: fc.option(fc.constantFrom(...MANGLINGS)),
    })
    .map(({ header, payload, mangle }) => {
      const jwt = issuer.signText(header, payload);
      return mangle === null ? jwt : mangle(jwt);
    });
}
