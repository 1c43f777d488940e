import fc from 'fast-check';
import { hostileJwts } from '../../fuzz/generate/jwt.js';
import { JwtService } from '../../src/auth/jwt.service.js';
import { SoftwareStatementsService } from '../../src/clients/software-statements.service.js';
import { type Config, readConfig } from '../../src/config/config.js';
import { TokenIssuer } from '../support/token-issuer.js';

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

  it('is no credential, or one of a known principal', async () => {
    const jwts = new JwtService(config);
    const seen = { refused: 0, taken: 0 };
    const property = fc.asyncProperty(hostileJwts(issuer), async (jwt) => {
      const principal = jwts.accepts(jwt) ? await jwts.authenticate(jwt) : null;
      seen[principal ? 'taken' : 'refused'] += 1;
      if (principal)
        expect(principal).toMatchObject({ userId: expect.any(String), orgId: expect.any(String) });
    });
    await fc.assert(property, await ledBy({}));
    expect(seen).toEqual({ refused: expect.any(Number), taken: expect.any(Number) });
    expect(Math.min(seen.refused, seen.taken)).toBeGreaterThan(0);
  });

  it('is no software statement, or one whose claims were read', async () => {
    const statements = new SoftwareStatementsService(config);
    const seen = new Map<string, number>();
    const property = fc.asyncProperty(hostileJwts(issuer), async (jwt) => {
      const { fault, statement, claims } = await statements.read(jwt);
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
});
