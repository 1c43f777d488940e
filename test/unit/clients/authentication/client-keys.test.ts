import { KeyObject } from 'node:crypto';
import { exportJWK, generateKeyPair, type JWK, type JWTHeaderParameters, SignJWT } from 'jose';
import { ClientKeys } from '../../../../src/clients/authentication/client-keys.js';
import type { Client } from '../../../../src/clients/client/client.js';
import { EgressGuard } from '../../../../src/egress/egress-guard.js';
import type { RegistryError } from '../../../../src/errors/registry-error.js';
import type { ExtendedMetadata } from '../../../../src/policy/client.js';
import { KeyServer } from '../../../support/backing-services/key-server.js';

const ISSUER = 'https://as.example';
const CLIENT_ID = '0198c0de-0000-7000-8000-000000000001';

type PrivateKey = Awaited<ReturnType<typeof generateKeyPair>>['privateKey'];
interface Pair {
  jwk: JWK;
  privateKey: PrivateKey;
}

const pairOf = async (alg: string, kid?: string, options?: object): Promise<Pair> => {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true, ...options });
  return { jwk: { ...(await exportJWK(publicKey)), ...(kid && { kid }) }, privateKey };
};

const ANONYMOUS = { orgId: null, verified: false, initialAccessTokenId: null };
const aClient = (metadata: ExtendedMetadata, version = 1, provenance: Partial<Client> = ANONYMOUS) =>
  ({ id: CLIENT_ID, version, metadata, ...provenance }) as Client;

const now = () => Math.floor(Date.now() / 1000);
const goodClaims = () => ({
  iss: CLIENT_ID,
  sub: CLIENT_ID,
  aud: ISSUER,
  jti: 'once',
  iat: now(),
  exp: now() + 300,
});
/** A valid assertion, except for the claims that a case changes; undefined leaves a claim out. */
const assertionOf = (
  key: PrivateKey | Uint8Array,
  claims: Record<string, unknown> = {},
  header: JWTHeaderParameters = { alg: 'ES256' },
) => new SignJWT({ ...goodClaims(), ...claims }).setProtectedHeader(header).sign(key);

const aKeys = (production = false) => new ClientKeys(new EgressGuard({ production, httpsProxy: null }));

const NO_SIGNATURE = { fault: 'The signature of the assertion is invalid.' };
const NO_KEY = { fault: 'The client has no key that fits the "alg" and "kid" of the assertion.' };
const LIFETIME = { fault: '"exp" of the assertion must be at most 3600 s ahead.' };
const EXPIRED = { fault: 'The assertion is expired, or has no "exp".' };
const AUDIENCE = { fault: `"aud" of the assertion must be ${ISSUER} alone.` };
const SUBJECT = { fault: '"iss" and "sub" of the assertion must be the client_id.' };
const FUTURE = { fault: '"iat" and "nbf" of the assertion must not be in the future.' };
const JTI = { fault: '"jti" of the assertion must be a string of 1 to 255 characters.' };
const TYPE = { fault: 'The "typ" of the assertion must be JWT, client-authentication+jwt or absent.' };
const RETRY = { code: 'temporarily_unavailable', options: { retryAfterSeconds: 60, isByDesign: true } };
const NO_JWT = { fault: 'The assertion is not a signed JWT.' };

let es256: Pair;
let other: Pair;
beforeAll(async () => {
  es256 = await pairOf('ES256', 'key-1');
  other = await pairOf('ES256', 'key-1');
});

describe('An assertion', () => {
  const verify = (assertion: string, metadata: ExtendedMetadata = { jwks: { keys: [es256.jwk] } }) =>
    aKeys().verify(aClient(metadata), assertion, ISSUER);

  it.each<[string, Record<string, unknown>, object?]>([
    ['a string as audience', {}],
    ['a list of one audience', { aud: [ISSUER] }],
    ['the longest life', { exp: now() + 3600 }],
    ['a clock ahead', { iat: now() + 20, nbf: now() + 20 }],
    ['the longest jti', { jti: 'j'.repeat(255) }],
    ['its own type', {}, { typ: 'client-authentication+jwt' }],
    ['the type JWT', {}, { typ: 'JWT' }],
    ['the address of other keys, which are not fetched', {}, { jku: 'https://attacker.example/jwks.json' }],
  ])('is valid with %s', async (_, claims, header = {}) => {
    const assertion = await assertionOf(es256.privateKey, claims, { alg: 'ES256', kid: 'key-1', ...header });
    const expected = { claims: { ...goodClaims(), ...claims, iat: expect.any(Number) }, kid: 'key-1' };
    expect(await verify(assertion)).toEqual({
      ...expected,
      claims: { ...expected.claims, exp: expect.any(Number) },
    });
  });

  it.each<[string, Record<string, unknown>, object]>([
    ['the audience of another server', { aud: 'https://other.example' }, AUDIENCE],
    ['two audiences', { aud: [ISSUER, 'https://other.example'] }, AUDIENCE],
    ['the same audience twice', { aud: [ISSUER, ISSUER] }, AUDIENCE],
    ['the audience in a list of lists', { aud: [[ISSUER]] }, AUDIENCE],
    ['the token endpoint as audience', { aud: `${ISSUER}/token` }, AUDIENCE],
    ['no audience', { aud: undefined }, AUDIENCE],
    ['exp in a year', { exp: now() + 365 * 86_400 }, LIFETIME],
    ['exp in the past', { exp: now() - 1 }, EXPIRED],
    ['no exp', { exp: undefined }, EXPIRED],
    ['iat in the future', { iat: now() + 120 }, FUTURE],
    ['nbf in the future', { nbf: now() + 120 }, FUTURE],
    ['no jti', { jti: undefined }, JTI],
    ['an empty jti', { jti: '' }, JTI],
    ['a long jti', { jti: 'j'.repeat(256) }, JTI],
    ['a jti that is a number', { jti: 1 }, JTI],
    ['another issuer', { iss: 'another' }, SUBJECT],
    ['another subject', { sub: 'another' }, SUBJECT],
    ['no subject', { sub: undefined }, SUBJECT],
  ])('is rejected with %s', async (_, claims, fault) => {
    const assertion = await assertionOf(es256.privateKey, claims);
    expect(await verify(assertion)).toEqual(fault);
  });

  it.each<[string, object, object]>([
    ['at+jwt', { typ: 'at+jwt' }, TYPE],
    ['dpop+jwt', { typ: 'dpop+jwt' }, TYPE],
  ])('is rejected with the type %s', async (_, header, fault) => {
    expect(await verify(await assertionOf(es256.privateKey, {}, { alg: 'ES256', ...header }))).toEqual(fault);
  });

  it('is rejected without a signature: alg none', async () => {
    const [, claims] = (await assertionOf(es256.privateKey)).split('.');
    const header = Buffer.from('{"alg":"none"}').toString('base64url');
    for (const assertion of [`${header}.${claims}.`, `${header}.${claims}.AAAA`]) {
      expect(await verify(assertion)).toEqual({
        fault: expect.stringMatching(/^The "alg" .* must be one of/),
      });
    }
    expect(await verify('not a JWT')).toEqual(NO_JWT);
  });

  it('is rejected if it is signed with the public key as a shared secret: HS256', async () => {
    const rsa = await pairOf('RS256');
    const pem = KeyObject.from((await generateKeyPair('RS256')).publicKey).export({
      type: 'spki',
      format: 'pem',
    });
    for (const secret of [Buffer.from(pem), Buffer.from(JSON.stringify(rsa.jwk))]) {
      const assertion = await assertionOf(secret, {}, { alg: 'HS256' });
      expect(await verify(assertion, { jwks: { keys: [rsa.jwk] } })).toEqual({
        fault: expect.stringMatching(/^The "alg" .* must be one of RS256/),
      });
    }
  });

  it('is rejected with another algorithm than the registered one', async () => {
    const rsa = await pairOf('RS256');
    const metadata = { jwks: { keys: [rsa.jwk, es256.jwk] } };
    const byRsa = await assertionOf(rsa.privateKey, {}, { alg: 'RS256' });
    expect(await verify(byRsa, metadata)).toMatchObject({ kid: null });
    expect(await verify(byRsa, { ...metadata, tokenEndpointAuthSigningAlg: 'ES256' })).toEqual({
      fault: 'The "alg" of the assertion must be one of ES256.',
    });
  });

  it('is rejected with a key of its own in the header', async () => {
    const header = { alg: 'ES256', jwk: other.jwk, jku: 'https://attacker.example/jwks.json' };
    expect(await verify(await assertionOf(other.privateKey, {}, header))).toEqual(NO_SIGNATURE);
    expect(await verify(await assertionOf(other.privateKey, {}, { alg: 'ES256', kid: 'own' }))).toEqual(
      NO_KEY,
    );
  });

  it('is rejected with an RSA key that is too short, too long or has a large exponent', async () => {
    const short = await pairOf('RS256', 'short', { modulusLength: 2048 });
    const n = Buffer.from(short.jwk.n!, 'base64url');
    const keys = [
      { ...short.jwk, n: n.subarray(0, 255).toString('base64url') },
      { ...short.jwk, n: Buffer.concat([n, n, n, n, Buffer.of(1)]).toString('base64url') },
      { ...short.jwk, e: Buffer.alloc(5, 1).toString('base64url') },
    ];
    const assertion = await assertionOf(short.privateKey, {}, { alg: 'RS256' });
    expect(await verify(assertion, { jwks: { keys: [short.jwk] } })).toMatchObject({ kid: null });
    for (const key of keys) expect(await verify(assertion, { jwks: { keys: [key] } })).toEqual(NO_KEY);
  });

  it('is verified with keys of at most 1,024 characters, and the first 10,240 of a set: they are remembered', async () => {
    const assertion = await assertionOf(es256.privateKey);
    const own = { ...es256.jwk, kid: undefined };
    const result = (...keys: object[]) => verify(assertion, { jwks: { keys: keys } });
    const fillers = (count: number) =>
      Array.from({ length: count }, () => ({ kty: 'RSA', e: 'AQAB', n: '_'.repeat(682), alg: 'PS256' }));
    expect(await result({ ...own, kid: 'k'.repeat(800) })).toMatchObject({ kid: null });
    expect(await result({ ...own, kid: 'k'.repeat(65_000) })).toEqual(NO_KEY);
    expect(await result({ ...own, x5c: ['x'.repeat(65_000)] })).toMatchObject({ kid: null });
    expect(await result(...fillers(12), own)).toMatchObject({ kid: null });
    expect(await result(...fillers(16), own)).toEqual(NO_KEY);
  });

  it('without a kid is tried with three keys at most', async () => {
    const fillers = await Promise.all(Array.from({ length: 3 }, () => pairOf('ES256')));
    const keysThen = (count: number) => [...fillers.slice(0, count).map(({ jwk }) => jwk), es256.jwk];
    const assertion = await assertionOf(es256.privateKey);
    expect(await verify(assertion, { jwks: { keys: keysThen(2) } })).toMatchObject({
      claims: { jti: 'once' },
    });
    expect(await verify(assertion, { jwks: { keys: keysThen(3) } })).toEqual(NO_SIGNATURE);
    const named = await assertionOf(es256.privateKey, {}, { alg: 'ES256', kid: 'key-1' });
    expect(await verify(named, { jwks: { keys: keysThen(3) } })).toMatchObject({ kid: 'key-1' });
  });

  it('is rejected with a key that the client had before', async () => {
    const keys = aKeys();
    const assertion = await assertionOf(es256.privateKey);
    const before = aClient({ jwks: { keys: [es256.jwk] } });
    const after = aClient({ jwks: { keys: [other.jwk] } }, 2);
    expect(await keys.verify(before, assertion, ISSUER)).toMatchObject({ kid: null });
    expect(await keys.verify(after, assertion, ISSUER)).toEqual(NO_SIGNATURE);
  });

  it('is rejected if the client has no keys, or an invalid one', async () => {
    const assertion = await assertionOf(es256.privateKey);
    expect(await verify(assertion, {})).toEqual({
      fault: expect.stringMatching(/must be a JSON Web Key Set/),
    });
    const point = { ...es256.jwk, x: es256.jwk.y };
    expect(await verify(assertion, { jwks: { keys: [point] } })).toEqual({
      fault: expect.stringMatching(/^The assertion could not be verified: /),
    });
  });
});

describe('Keys of a jwks_uri', () => {
  const servers: KeyServer[] = [];
  const serve = async (...args: Parameters<typeof KeyServer.start>) => {
    const server = await KeyServer.start(...args);
    servers.push(server);
    return server;
  };
  afterAll(() => servers.forEach((server) => server.stop()));

  it('are fetched once for many assertions, and again on an unknown kid at most once a minute', async () => {
    const rotated = await pairOf('ES256', 'key-2');
    let published: object[] = [es256.jwk];
    const server = await serve(() => ({ keys: published }));
    const keys = aKeys();
    const verify = async ({ privateKey }: Pair, kid: string, claims: Record<string, unknown> = {}) =>
      keys.verify(
        aClient({ jwksUri: server.url }),
        await assertionOf(privateKey, claims, { alg: 'ES256', kid }),
        ISSUER,
      );
    // It stands still: a minute is not over because the machine is slow
    const still = jest.spyOn(Date, 'now').mockReturnValue(Date.now());
    const first = await Promise.all([1, 2, 3].map(() => verify(es256, 'key-1')));
    expect(first.map((result) => 'kid' in result && result.kid)).toEqual(['key-1', 'key-1', 'key-1']);
    published = [es256.jwk, rotated.jwk];
    await expect(verify(rotated, 'key-2')).rejects.toMatchObject(RETRY);
    expect(await verify(rotated, 'key-2', { iat: now() - 60 })).toEqual(NO_KEY);
    expect(server.requests).toBe(1);
    still.mockRestore();

    const clocks = [
      jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 61_000),
      jest.spyOn(performance, 'now').mockReturnValue(performance.now() + 61_000),
    ];
    try {
      expect(await verify(rotated, 'key-2')).toMatchObject({ kid: 'key-2' });
      await expect(verify(rotated, 'key-3')).rejects.toMatchObject(RETRY);
    } finally {
      clocks.forEach((clock) => clock.mockRestore());
    }
    expect(server.requests).toBe(2);
  });

  it('are fetched for a flood of unknown ones, while assertions with a known key are verified', async () => {
    const server = await serve((_, response) => {
      // Does not answer again
      if (server.requests === 1) response.end(JSON.stringify({ keys: [es256.jwk] }));
    });
    const keys = aKeys();
    const verify = async (kid: string) =>
      keys.verify(
        aClient({ jwksUri: server.url }),
        await assertionOf(es256.privateKey, {}, { alg: 'ES256', kid }),
        ISSUER,
      );
    await verify('key-1');
    const clocks = [
      jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 61_000),
      jest.spyOn(performance, 'now').mockReturnValue(performance.now() + 61_000),
    ];
    const rejections: unknown[] = [];
    const flood = Array.from({ length: 20 }, (_, i) =>
      verify(`unknown-${i}`).catch((error: RegistryError) => void rejections.push(error.code)),
    );
    while (rejections.length < 10) await new Promise(setImmediate);
    const meanwhile = await verify('key-1');
    clocks.forEach((clock) => clock.mockRestore());
    server.stop();
    await Promise.all(flood);
    expect(meanwhile).toMatchObject({ kid: 'key-1' });
  });

  it.each<[string, Parameters<typeof KeyServer.start>[0], RegExp]>([
    ['a status', (_, response) => response.writeHead(500).end(), /^jwks_uri answered with the status 500\.$/],
    ['HTML', (_, response) => response.end('<html>'), /^The reply of jwks_uri must be valid JSON\.$/],
    [
      'a member twice',
      (_, response) => response.end(`{"keys":[],"keys":[${JSON.stringify(es256.jwk)}]}`),
      /^The reply of jwks_uri must not /,
    ],
    ['no key set', () => ({}), /^The key set of the client must be a JSON Web Key Set/],
    ['a private key', () => ({ keys: [{ ...es256.jwk, d: 'd' }] }), /must contain public keys only/],
    ['70 kB', () => ({ keys: [es256.jwk], x: 'x'.repeat(70_000) }), /larger than 65536 bytes/],
    [
      'a redirect',
      (_, response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
      /redirect \(302\)/,
    ],
  ])('are rejected if the server answers with %s, and not fetched again', async (_, answer, fault) => {
    const server = await serve(answer);
    const keys = aKeys();
    const assertion = await assertionOf(es256.privateKey);
    for (let times = 0; times < 2; times++) {
      const result = await keys.verify(aClient({ jwksUri: server.url }), assertion, ISSUER);
      expect(result).toEqual({ fault: expect.stringMatching(fault) });
    }
    expect(server.requests).toBe(1);
  });

  it('are not fetched from the machine itself in production', async () => {
    const server = await serve(() => ({ keys: [es256.jwk] }));
    const assertion = await assertionOf(es256.privateKey);
    for (const jwksUri of [
      server.url,
      server.url.replace('http:', 'https:'),
      'https://localhost/jwks.json',
    ]) {
      const result = await aKeys(true).verify(aClient({ jwksUri }), assertion, ISSUER);
      expect(result).toEqual({ fault: expect.stringMatching(/must use https|not a public one/) });
    }
    expect(server.requests).toBe(0);
  });

  describe('of others that never come', () => {
    /** Whether keys can be fetched while those of 100 anonymous clients are, whose DNS servers do not answer. */
    async function isVerifiedBeside(hostOf: (index: number) => string, provenance?: Partial<Client>) {
      const server = await serve(() => ({ keys: [es256.jwk] }));
      const guard = new EgressGuard(
        { production: false, httpsProxy: null },
        () => new Promise(() => undefined),
      );
      const keys = new ClientKeys(guard);
      const assertion = await assertionOf(es256.privateKey);
      const verify = (jwksUri: string, of?: Partial<Client>) =>
        keys.verify(aClient({ jwksUri }, 1, of), assertion, ISSUER).then(
          (result) => 'claims' in result,
          (error: RegistryError) => error.code,
        );
      for (let index = 0; index < 100; index++) void verify(`https://${hostOf(index)}/jwks.json`);
      return verify(server.url, provenance);
    }

    it.each([
      ['one domain', (index: number) => `${index}.slow.example`],
      ['four domains', (index: number) => `${index}.slow-${index % 4}.example`],
    ])('take no place of another anonymous client: %s', async (_, hostOf) => {
      expect(await isVerifiedBeside(hostOf)).toBe(true);
    });

    it.each<[string, Partial<Client>]>([
      ['of an organization', { ...ANONYMOUS, orgId: 'org' }],
      ['that is verified', { ...ANONYMOUS, verified: true }],
      ['of an initial access token', { ...ANONYMOUS, initialAccessTokenId: 'token' }],
    ])('take no place of a client %s, whatever their number', async (_, provenance) => {
      const hostOf = (index: number) => `slow-${index}.example`;
      expect(await isVerifiedBeside(hostOf, provenance)).toBe(true);
      expect(await isVerifiedBeside(hostOf)).toBe('temporarily_unavailable');
    });

    it('do not use up the fetches of a URL that an anonymous client shares with an organization', async () => {
      const server = await serve(() => ({ keys: [es256.jwk] }));
      const keys = aKeys();
      for (const orgId of [null, 'org', null, 'org']) {
        const client = aClient({ jwksUri: server.url }, 1, { ...ANONYMOUS, orgId });
        expect(await keys.verify(client, await assertionOf(es256.privateKey), ISSUER)).toMatchObject({
          kid: null,
        });
      }
      expect(server.requests).toBe(2);
    });
  });

  it('are not fetched for an assertion that cannot be valid', async () => {
    const server = await serve(() => ({ keys: [es256.jwk] }));
    const assertion = await assertionOf(es256.privateKey, { aud: 'https://other.example' });
    expect(await aKeys().verify(aClient({ jwksUri: server.url }), assertion, ISSUER)).toEqual(AUDIENCE);
    expect(server.requests).toBe(0);
  });
});
