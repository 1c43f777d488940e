import { JwtVerifier } from '../../../src/jwt/jwt-verifier.js';
import { KeyServer } from '../../support/backing-services/key-server.js';
import { TokenIssuer } from '../../support/backing-services/token-issuer.js';

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
