import fc from 'fast-check';
import { hostileJwts } from '../../../../fuzz/generate/jwt.js';
import { JwtService } from '../../../../src/auth/jwt/jwt.service.js';
import type { RegistryError } from '../../../../src/errors/registry-error.js';
import { SoftwareStatementsService } from '../../../../src/clients/software-statements/software-statements.service.js';
import { type Config, readConfig } from '../../../../src/config/variables.js';
import { TokenIssuer } from '../../../support/backing-services/token-issuer.js';

const RUNS = 1_000;

/** What is asked of each JWT: the verifier is the real one, and so is the endpoint of the issuer's keys. */
describe('A JWT that is malformed, signed or not', () => {
  let issuer: TokenIssuer;
  let config: Config;
  beforeAll(async () => {
    issuer = await TokenIssuer.start();
    config = readConfig({
      ...issuer.env,
      SOFTWARE_STATEMENT_ISSUERS: `${issuer.url}=${issuer.url}/.well-known/jwks.json`,
    });
  });
  afterAll(() => issuer.stop());

  /** A valid JWT leads the random ones, of which few are. */
  const ledBy = async (claims: Record<string, unknown>): Promise<fc.Parameters<[jwt: string]>> => ({
    numRuns: RUNS,
    examples: [[await issuer.sign(claims)]],
  });

  /** Its key may have been published a moment ago. */
  const ofUnknownKey = (error: RegistryError) => {
    expect(error.code).toBe('temporarily_unavailable');
    return null;
  };

  it('is not a credential, or is one of a known principal', async () => {
    const jwts = new JwtService(config);
    const seen = { refused: 0, taken: 0 };
    const property = fc.asyncProperty(hostileJwts(issuer), async (jwt) => {
      const principal = jwts.accepts(jwt) ? await jwts.authenticate(jwt).catch(ofUnknownKey) : null;
      seen[principal ? 'taken' : 'refused'] += 1;
      if (principal)
        expect(principal).toMatchObject({ userId: expect.any(String), orgId: expect.any(String) });
    });
    await fc.assert(property, await ledBy({}));
    expect(seen).toEqual({ refused: expect.any(Number), taken: expect.any(Number) });
    expect(Math.min(seen.refused, seen.taken)).toBeGreaterThan(0);
  });

  it('is not a software statement, or is one whose claims were read', async () => {
    const statements = new SoftwareStatementsService(config);
    const seen = new Map<string, number>();
    const property = fc.asyncProperty(hostileJwts(issuer), async (jwt) => {
      const reading = await statements.read(jwt).catch(ofUnknownKey);
      if (reading === null) return;
      const { fault, statement, claims } = reading;
      if (fault) expect([statement, claims]).toEqual([undefined, {}]);
      else expect([statement, claims.iss]).toEqual([jwt, issuer.url]);
      const code = fault?.code ?? 'taken';
      seen.set(code, (seen.get(code) ?? 0) + 1);
    });
    await fc.assert(property, await ledBy({ aud: undefined }));
    expect([...seen.keys()].sort()).toEqual([
      'invalid_software_statement',
      'taken',
      'unapproved_software_statement',
    ]);
  });

  it.each<[string, string, (claims: string) => string]>([
    ['a claim twice', '{"alg":"ES256","kid":"key-1"}', (claims) => claims.replace('{', '{"sub":"other",')],
    [
      'a claim twice, deep inside',
      '{"alg":"ES256","kid":"key-1"}',
      (claims) => claims.replace('{', '{"x":{"a":1,"a":2},'),
    ],
    [
      'a claim __proto__',
      '{"alg":"ES256","kid":"key-1"}',
      (claims) => claims.replace('{', '{"__proto__":{},'),
    ],
    [
      'claims nested too deep',
      '{"alg":"ES256","kid":"key-1"}',
      (claims) => claims.replace('{', `{"x":${'['.repeat(32)}${']'.repeat(32)},`),
    ],
    ['a header member twice', '{"alg":"ES256","kid":"key-1","alg":"ES256"}', (claims) => claims],
    [
      'a header nested too deep',
      `{"alg":"ES256","kid":"key-1","x":${'['.repeat(32)}${']'.repeat(32)}}`,
      (claims) => claims,
    ],
    [
      'an expiry beyond all numbers',
      '{"alg":"ES256","kid":"key-1"}',
      (claims) => claims.replace(/"exp":\d+/, '"exp":1e400'),
    ],
    [
      'a start before all numbers',
      '{"alg":"ES256","kid":"key-1"}',
      (claims) => claims.replace('{', '{"nbf":-1e400,'),
    ],
  ])('is rejected if two parsers could read it differently: %s', async (_, header, change) => {
    const jwts = new JwtService(config);
    const good = JSON.stringify(issuer.goodClaims());
    expect(await jwts.authenticate(issuer.signText('{"alg":"ES256","kid":"key-1"}', good))).not.toBeNull();
    expect(await jwts.authenticate(issuer.signText(header, change(good)))).toBeNull();
  });
});
