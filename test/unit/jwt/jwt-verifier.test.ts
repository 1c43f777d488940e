import { JwtVerifier } from '../../../src/jwt/jwt-verifier.js';
import { KeyServer } from '../../support/backing-services/key-server.js';
import { TokenIssuer } from '../../support/backing-services/token-issuer.js';
import { until } from '../../support/until.js';

it('while the keys are fetched for a flood of unknown ones, tokens with a known key are verified', async () => {
  const issuer = await TokenIssuer.start();
  const server = await KeyServer.start((_, response) => {
    // Does not answer again
    if (server.requests > 1) return;
    response.end(JSON.stringify({ keys: [issuer.publicJwk] }));
  });
  const verifier = new JwtVerifier(issuer.url, server.url);
  const known = await issuer.sign();
  const before = await verifier.verify(known);
  // A set that was fetched a moment ago is not fetched again
  const clock = jest.spyOn(Date, 'now').mockReturnValue(Date.now() + 31_000);
  const unknown = await Promise.all(
    Array.from({ length: 60 }, (_, i) => issuer.sign({}, undefined, { alg: 'ES256', kid: `unknown-${i}` })),
  );
  const rejections: unknown[] = [];
  const send = (token: string) =>
    verifier.verify(token).catch((error: { code: string }) => void rejections.push(error.code));
  const first = send(unknown[0]!);
  while (server.requests < 2) await new Promise(setImmediate);
  const flood = [first, ...unknown.slice(1).map(send)];
  while (rejections.length < 10) await new Promise(setImmediate);
  const meanwhile = await verifier.verify(known);
  clock.mockRestore();
  server.stop();
  issuer.stop();
  await Promise.all(flood);
  expect([before, meanwhile]).toEqual([
    expect.objectContaining({ iss: issuer.url }),
    expect.objectContaining({ iss: issuer.url }),
  ]);
  expect(rejections).toEqual(unknown.map(() => 'temporarily_unavailable'));
  expect(server.requests).toBe(2);
});

describe('while the keys were fetched a moment ago', () => {
  let clock: jest.SpyInstance<number, []>;
  // It stands still: a cooldown is not over because the machine is slow
  beforeEach(() => (clock = jest.spyOn(Date, 'now').mockReturnValue(Date.now())));
  afterEach(() => clock.mockRestore());

  const header = (kid: string) => ({ alg: 'ES256', kid });
  const now = () => Math.floor(Date.now() / 1000);
  const RETRY = { code: 'temporarily_unavailable', options: { retryAfterSeconds: 5, isByDesign: true } };

  /** An issuer that published its key after a stranger had the verifier fetch the keys. */
  async function rotated() {
    const issuer = await TokenIssuer.start();
    let keys: object[] = [];
    const server = await KeyServer.start(() => ({ keys }));
    const verifier = new JwtVerifier(issuer.url, server.url);
    const ofStranger = await verifier.verify(await issuer.sign({}, undefined, header('unknown')));
    keys = [issuer.publicJwk];
    return {
      issuer,
      server,
      verifier,
      ofStranger,
      [Symbol.dispose]() {
        server.stop();
        issuer.stop();
      },
    };
  }

  it('a token with an unknown key is to be sent again, and valid once the cooldown of 5 s is over', async () => {
    using all = await rotated();
    const { issuer, server, verifier, ofStranger } = all;
    const token = await issuer.sign();
    expect(ofStranger).toBeNull();
    await expect(verifier.verify(token)).rejects.toMatchObject(RETRY);
    expect(server.requests).toBe(1);
    clock.mockReturnValue(Date.now() + 5_000);
    expect(await verifier.verify(token)).toMatchObject({ iss: issuer.url });
    expect(server.requests).toBe(2);
  });

  it('a flood of unknown keys causes one fetch', async () => {
    using all = await rotated();
    const { issuer, server, verifier } = all;
    for (let i = 0; i < 20; i++) {
      const token = await issuer.sign({}, undefined, header(`unknown-${i}`));
      await expect(verifier.verify(token)).rejects.toMatchObject(RETRY);
    }
    expect(server.requests).toBe(1);
  });

  it('a token that waits for a fetch that began before it is to be sent again', async () => {
    const issuer = await TokenIssuer.start();
    let reply: (() => void) | undefined;
    const server = await KeyServer.start((_, response) => {
      reply = () => response.end('{"keys":[]}');
    });
    const verifier = new JwtVerifier(issuer.url, server.url);
    const first = verifier.verify(await issuer.sign());
    await until(() => reply !== undefined);
    const second = verifier.verify(await issuer.sign()).catch((error: unknown) => error);
    await new Promise(setImmediate);
    reply!();
    expect([await first, await second]).toEqual([null, expect.objectContaining(RETRY)]);
    expect(server.requests).toBe(1);
    server.stop();
    issuer.stop();
  });

  it.each<[string, () => Record<string, unknown>]>([
    ['of another issuer', () => ({ iss: 'https://other.example' })],
    ['that has expired', () => ({ exp: now() - 60 })],
    ['that was issued before the keys were fetched', () => ({ iat: now() - 60 })],
  ])('a token %s is invalid', async (_, claims) => {
    using all = await rotated();
    const { issuer, verifier } = all;
    expect(await verifier.verify(await issuer.sign(claims()))).toBeNull();
  });
});
