import { authorizationOf } from '../../support/authorization.js';
import { IdentityProvider } from '../../support/backing-services/identity-provider.js';
import { onEachEngine } from '../../support/databases.js';
import { CookieJar } from '../../support/network/cookie-jar.js';
import { Registry } from '../../support/registry.js';

const now = () => Math.floor(Date.now() / 1000);

onEachEngine((engine) => {
  let provider: IdentityProvider;
  beforeAll(async () => {
    provider = await IdentityProvider.start();
  });
  afterAll(() => provider.stop());

  describe.each([
    ['a portal', () => ({ AUTHORIZATION_CONSENT_URL: 'https://portal.example/consent' })],
    ['an identity provider', () => provider.env],
    ['API keys', () => ({})],
  ])('At the consent API beside %s', (_, env) => {
    let registry: Registry;
    let key: string;
    beforeAll(async () => {
      registry = await Registry.start(engine, env());
      key = (await registry.createKey({ userId: 'alice' })).apiKey;
    });
    afterAll(() => registry.stop());
    const { createClient, ask, aRequest, authorize, decide } = authorizationOf(() => registry);

    /** What the client pushed, as it reaches the user. */
    async function askByPush(overrides: Record<string, string>) {
      const client = await createClient();
      const { parameters } = aRequest(client, overrides);
      const { body } = await registry.send('/v2/oauth/par', { body: parameters });
      const { location } = await authorize({ client_id: client.id, request_uri: body.request_uri as string });
      return location!.searchParams.get('consent_token')!;
    }

    const allow = (consentToken: string, authTime?: unknown) =>
      registry.send('/v2/oauth/grants', {
        body: { consent_token: consentToken, allowed: true, auth_time: authTime },
        key,
      });

    it('the portal reads which sign-in the client wants', async () => {
      const read = async (consentToken: string) => {
        const path = `/v2/oauth/consent/${consentToken}`;
        const { prompt, max_age: maxAge } = (await registry.send(path, { method: 'GET', key })).body.data;
        return [prompt, maxAge] as unknown[];
      };
      const client = await createClient();
      expect(await read((await ask(client)).consentToken)).toEqual([[], null]);
      const both = { prompt: 'login consent', max_age: '60' };
      expect(await read((await ask(client, both)).consentToken)).toEqual([['login', 'consent'], 60]);
      expect(await read(await askByPush(both))).toEqual([['login', 'consent'], 60]);
    });

    it.each([
      ['prompt=login', { prompt: 'login' }, 0],
      ['max_age=0', { max_age: '0' }, 0],
      ['max_age=600', { max_age: '600' }, 600],
      ['prompt=login, which counts before a max_age', { prompt: 'login consent', max_age: '600' }, 0],
    ])('a user who did not sign in again cannot allow a request with %s', async (__, wish, maxAge) => {
      const before = now();
      const consentToken = await askByPush(wish);
      for (const authTime of [undefined, 0, before - maxAge - 1]) {
        const { status, body } = await allow(consentToken, authTime);
        expect([status, body.error, body.redirect_uri]).toEqual([422, 'validation_error', undefined]);
        const [[field, [fault]]] = Object.entries(body.invalid_fields as Record<string, [string]>) as [
          [string, [string]],
        ];
        expect(field).toBe('auth_time');
        const [, earliest] = /^must be at least (\d+), .* have the user sign in again/.exec(fault)!;
        expect(Number(earliest)).toBeGreaterThanOrEqual(before - maxAge);
      }
      const { status, body } = await allow(consentToken, now() - maxAge);
      expect([status, new URL(body.redirect_uri as string).searchParams.has('code')]).toEqual([200, true]);
    });

    it('a user denies a request with prompt=login without a new sign-in', async () => {
      const { status, body } = await decide(await askByPush({ prompt: 'login' }), false, key);
      const location = new URL(body.redirect_uri as string);
      expect([status, location.searchParams.get('error')]).toEqual([200, 'access_denied']);
    });

    it.each([
      ['in the future', () => now() + 120, 'must not be in the future'],
      ['a text', () => String(now()), 'must be an integer number of seconds since 1970'],
      ['null', () => null, 'must be an integer number of seconds since 1970'],
      ['a fraction', () => now() - 0.5, 'must be an integer number of seconds since 1970'],
    ])('an auth_time that is %s is rejected, also if the client wants none', async (__, authTime, fault) => {
      const client = await createClient();
      for (const wish of [{ prompt: 'login' }, {}]) {
        const { consentToken } = await ask(client, wish);
        const { status, body } = await allow(consentToken, authTime());
        expect([status, body.invalid_fields]).toEqual([422, { auth_time: [fault] }]);
      }
    });

    it('a user needs no auth_time if the client wants no new sign-in', async () => {
      const { consentToken } = await ask(await createClient(), { prompt: 'consent' });
      expect((await allow(consentToken)).status).toBe(200);
    });
  });

  describe('At the identity provider', () => {
    let registry: Registry;
    beforeAll(async () => {
      registry = await Registry.start(engine, provider.env);
    });
    afterEach(() => {
      provider.signedInBefore = 0;
    });
    afterAll(() => registry.stop());
    const { createClient, ask } = authorizationOf(() => registry);

    /** A browser whose user the provider remembers since an hour, and the URL of the provider that a request leads it to. */
    async function remembered(overrides: Record<string, string>) {
      const browser = new CookieJar();
      const start = async (parameters: Record<string, string>) => {
        const { consentToken } = await ask(await createClient(), parameters);
        return browser.location(`${registry.url}/consent?consent_token=${consentToken}`);
      };
      provider.signedInBefore = 3600;
      await provider.signIn(browser, await start({}));
      provider.signedInBefore = 0;
      return { browser, atProvider: await start(overrides) };
    }

    /** The status of the callback, and where it leads. */
    async function finish(browser: CookieJar, atProvider: URL) {
      const reply = await browser.fetch(await provider.signIn(browser, atProvider));
      return [reply.status, reply.headers.get('location')?.replace(/\?.*/, '')];
    }

    it('prompt=login asks for the time of the sign-in, and a user who signs in again is let on', async () => {
      const { browser, atProvider } = await remembered({ prompt: 'login', max_age: '600' });
      expect([atProvider.searchParams.get('prompt'), atProvider.searchParams.get('max_age')]).toEqual([
        'login',
        '0',
      ]);
      expect((await browser.location(atProvider)).pathname).toMatch('/interaction/');
      expect(await finish(browser, atProvider)).toEqual([303, `${registry.url}/consent`]);
    });

    it.each([
      ['without the time of it', null],
      ['with the time of it', '86400'],
    ])('a browser that takes prompt=login out of the URL has no use of an old sign-in %s', async (_, age) => {
      const { browser, atProvider } = await remembered({ prompt: 'login' });
      atProvider.searchParams.delete('prompt');
      if (age === null) atProvider.searchParams.delete('max_age');
      else atProvider.searchParams.set('max_age', age);
      const isAsked = (await browser.location(atProvider)).pathname.startsWith('/interaction/');
      expect([isAsked, ...(await finish(browser, atProvider))]).toEqual([false, 400, undefined]);
    });

    it('a user who took five minutes at the provider after the sign-in is let on', async () => {
      const { browser, atProvider } = await remembered({ max_age: '0' });
      provider.signedInBefore = 300;
      await registry.dataSource.query(
        `UPDATE oauth_tokens SET created_at = ${Date.now() - 310_000} WHERE kind = 'login'`,
      );
      expect(await finish(browser, atProvider)).toEqual([303, `${registry.url}/consent`]);
    });
  });
});
