import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { TokenIssuer } from '../../support/backing-services/token-issuer.js';
import { onEachEngine } from '../../support/databases.js';
import { aClient, Registry } from '../../support/registry.js';
import { summaryOf } from '../../support/replies/summary.js';

const INVALID = '401 invalid_token';
const FORBIDDEN = '403 insufficient_scope';

onEachEngine((engine) => {
  let issuer: TokenIssuer;
  let registry: Registry;
  beforeAll(async () => {
    issuer = await TokenIssuer.start();
    registry = await Registry.start(engine, issuer.env);
  });
  afterAll(async () => {
    await registry.stop();
    issuer.stop();
  });

  it('a client that is created with a JWT belongs to the organization and user of its claims', async () => {
    const { body } = await registry.createClient(aClient(), await issuer.sign({ org_id: 'acme', sub: 'u1' }));
    expect(body.data).toMatchObject({ org_id: 'acme', user_id: 'u1' });
  });

  it('the log says why the organization of a valid JWT is rejected, without its value', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const statuses = [];
    for (const claims of [{ org_id: undefined }, { org_id: ' acme' }, { sub: 'u\u0007' }]) {
      statuses.push((await registry.createClient(aClient(), await issuer.sign(claims))).status);
    }
    const lines = warn.mock.calls.map(([line]) => String(line));
    warn.mockRestore();
    expect(statuses).toEqual([401, 401, 401]);
    expect(lines).toEqual(
      ['org_id', 'org_id', 'sub'].map((claim) =>
        expect.stringContaining(`A JWT that AUTH_JWT_ISSUER signed was rejected: ${claim} must be`),
      ),
    );
    expect(lines.join()).not.toMatch(/acme|\u0007/);
  });

  it('the log says why a JWT of the issuer is none for this service, and nothing of other and expired JWTs', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    const statuses = [];
    for (const token of [
      await issuer.sign({ aud: 'another' }),
      await issuer.sign({ iss: 'https://other.example' }),
      await issuer.sign({ nonce: 'n' }),
      await issuer.sign({ exp: 1 }),
      `${await issuer.sign({ aud: 'another' })}A`,
    ]) {
      statuses.push((await registry.createClient(aClient(), token)).status);
    }
    const lines = warn.mock.calls.map(([line]) => String(line));
    warn.mockRestore();
    expect(statuses).toEqual([401, 401, 401, 401, 401]);
    expect(lines).toEqual(
      ['its aud is missing or', 'its iss is missing or', 'its claims are those of an ID token'].map(
        (reason) => expect.stringContaining(`A JWT that AUTH_JWT_ISSUER signed was rejected: ${reason}`),
      ),
    );
  });

  describe('a JWT of an admin', () => {
    const ask = async (env: Record<string, string>, ...tokens: string[]) => {
      const registry = await Registry.start(engine, { ...issuer.env, ...env });
      const answers = [];
      for (const token of tokens) {
        answers.push(summaryOf(await registry.graphql('{ __typename }', {}, token)));
      }
      await registry.stop();
      return answers;
    };

    it('no JWT is one without AUTH_JWT_ADMIN', async () => {
      const claims = { role: 'admin', roles: ['admin'], scope: 'admin', admin: true };
      expect(await ask({}, await issuer.sign(claims))).toEqual([FORBIDDEN]);
    });

    it.each(['at+jwt', 'application/at+jwt', 'AT+JWT'])(
      'with AUTH_JWT_TYPE=%s, another type is rejected (RFC 9068 §4)',
      async (AUTH_JWT_TYPE) => {
        const sign = (typ?: string) => issuer.sign({}, undefined, { alg: 'ES256', kid: 'key-1', typ });
        const tokens = [
          await sign('at+jwt'),
          await sign('application/at+jwt'),
          await sign('JWT'),
          await sign(),
        ];
        expect(await ask({ AUTH_JWT_TYPE }, ...tokens)).toEqual([FORBIDDEN, FORBIDDEN, INVALID, INVALID]);
      },
    );
  });

  it('without a trusted issuer, a JWT is just an unknown key', async () => {
    const plain = await Registry.start(engine);
    const answer = await plain.createClient(aClient(), await issuer.sign());
    await plain.stop();
    expect(summaryOf(answer)).toBe(INVALID);
  });

  it('503 if the keys of the issuer cannot be fetched', async () => {
    const gone = await TokenIssuer.start();
    const orphan = await Registry.start(engine, gone.env);
    const token = await gone.sign();
    gone.stop();
    const answer = await orphan.createClient(aClient(), token);
    await orphan.stop();
    expect({ summary: summaryOf(answer), retryAfter: answer.headers.get('retry-after') }).toEqual({
      summary: '503 temporarily_unavailable',
      retryAfter: '5',
    });
  });

  it('503 for JWTs with a new key while a stranger had the keys fetched a moment ago; they are not counted as invalid', async () => {
    const rotating = await TokenIssuer.start();
    const trusting = await Registry.start(engine, { ...rotating.env, RATE_LIMIT_FAILED_AUTH: '3/1m' });
    // It stands still: the cooldown is not over because the machine is slow
    const clock = jest.spyOn(Date, 'now').mockReturnValue(Date.now());
    const signed = (kid: string) => rotating.sign({}, undefined, { alg: 'ES256', kid });
    const answers = [await trusting.createClient(aClient(), await signed('unknown'))];
    for (let i = 0; i < 5; i++) answers.push(await trusting.createClient(aClient(), await signed('new')));
    const graphql = await trusting.graphql('{ __typename }', {}, await signed('new'));
    clock.mockRestore();
    await trusting.stop();
    rotating.stop();
    expect(answers.map(summaryOf)).toEqual([
      INVALID,
      ...Array<string>(5).fill('503 temporarily_unavailable'),
    ]);
    for (const { headers } of [...answers.slice(1), graphql]) {
      expect(Number(headers.get('retry-after'))).toBeLessThanOrEqual(5);
    }
    expect(graphql.status).toBe(503);
  });

  it('401 if a JWT names an unusable key of the issuer; JWTs with other keys are accepted', async () => {
    const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' });
    const offTheCurve = { ...issuer.publicJwk, x: 'A'.repeat(43) };
    const odd = await TokenIssuer.start([
      { ...weak, kid: 'weak', alg: 'RS256' },
      { ...offTheCurve, kid: 'off the curve' },
    ]);
    const trusting = await Registry.start(engine, odd.env);
    const claims = JSON.stringify(odd.goodClaims());
    const answers = [
      await trusting.createClient(aClient(), odd.signText('{"alg":"RS256","kid":"weak"}', claims)),
      await trusting.createClient(aClient(), odd.signText('{"alg":"ES256","kid":"off the curve"}', claims)),
      await trusting.createClient(aClient(), await odd.sign()),
    ];
    await trusting.stop();
    odd.stop();
    expect(answers.map(summaryOf)).toEqual([INVALID, INVALID, '201']);
  });

  it('while the issuer does not reply, tokens of one address do not delay other addresses', async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const busy = await Registry.start(engine, {
      ...issuer.env,
      AUTH_JWT_JWKS_URI: `http://127.0.0.1:${port}/jwks.json`,
      RATE_LIMIT_FAILED_AUTH: '30/1m',
      TRUST_PROXY: '1',
    });
    const { apiKey } = await busy.createKey();
    const statuses: number[] = [];
    const strangers = Array.from({ length: 300 }, async (_, i) => {
      const key = await issuer.sign({ jti: String(i) });
      const headers = { 'x-forwarded-for': '203.0.113.1' };
      statuses.push((await busy.send('/v2/oauth/clients', { method: 'GET', key, headers })).status);
    });
    // Once 30 tokens wait for the keys, 50 for what becomes of those, and the others were told
    while (statuses.length < 220) await wait(10);
    const customers = await Promise.all(
      Array.from({ length: 20 }, () => busy.createClient(aClient(), apiKey)),
    );
    await Promise.all(strangers);
    silent.closeAllConnections();
    silent.close();
    await busy.stop();
    expect(customers.map(({ status }) => status)).toEqual(customers.map(() => 201));
    expect(new Set(statuses)).toEqual(new Set([429, 503]));
  });
});
