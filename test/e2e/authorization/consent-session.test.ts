import { authorizationOf, FORM, formTokenOf } from '../../support/authorization.js';
import { onEachEngine } from '../../support/databases.js';
import { CookieJar } from '../../support/network/cookie-jar.js';
import { Registry } from '../../support/registry.js';

onEachEngine((engine) => {
  let registry: Registry;
  beforeAll(async () => {
    registry = await Registry.start(engine);
  });
  afterAll(() => registry.stop());
  const { register, ask, showKey } = authorizationOf(() => registry);

  describe('A browser whose user has shown an API key', () => {
    const at = (consentToken: string) => `${registry.url}/consent?consent_token=${consentToken}`;
    const post = (browser: CookieJar, parameters: Record<string, string>, headers: object = {}) =>
      browser.fetch(`${registry.url}/consent`, {
        method: 'POST',
        body: new URLSearchParams(parameters),
        headers: { ...FORM, ...headers },
      });

    /** A browser that has allowed a client, and what the reply set. */
    async function aBrowser(apiKey: string) {
      const browser = new CookieJar();
      const client = await register();
      const { consentToken } = await ask(client, { scope: 'read' });
      const reply = await showKey(consentToken, apiKey, 'allow', browser);
      expect(reply.status).toBe(303);
      return { browser, client, cookies: reply.headers.getSetCookie() };
    }

    /** The page of another request in the same browser. */
    async function nextPage(browser: CookieJar) {
      const { consentToken } = await ask(await register());
      const text = await (await browser.fetch(at(consentToken))).text();
      return { consentToken, text, asksForKey: text.includes('Your API key'), formToken: formTokenOf(text) };
    }

    it('makes no other credentials of its requests count as valid', async () => {
      const strict = await Registry.start(engine, { RATE_LIMIT_FAILED_AUTH: '2/1h' });
      try {
        const user = authorizationOf(() => strict);
        const browser = new CookieJar();
        const { apiKey } = await strict.createKey({ userId: 'alice' });
        const first = await user.ask(await user.register());
        expect((await user.showKey(first.consentToken, apiKey, 'allow', browser)).status).toBe(303);
        const { consentToken } = await user.ask(await user.register());
        const page = `${strict.url}/consent?consent_token=${consentToken}`;
        const shown = await browser.fetch(page, { headers: { authorization: 'Bearer unknown' } });
        expect(shown.status).toBe(200);
        const statuses = [];
        for (const key of ['other', 'another', 'unknown']) {
          statuses.push((await strict.send('/v2/oauth/grants', { method: 'GET', key })).status);
        }
        expect(statuses).toEqual([401, 401, 429]);
      } finally {
        await strict.stop();
      }
    });

    it('is asked for no key again, nor for what it has allowed', async () => {
      const { apiKey } = await registry.createKey({ userId: 'alice' });
      const { browser, client, cookies } = await aBrowser(apiKey);
      expect(cookies).toEqual([
        expect.stringMatching(/^consent_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax$/),
      ]);
      const granted = await ask(client, { scope: 'read' });
      expect((await browser.location(at(granted.consentToken))).searchParams.has('code')).toBe(true);
      const { consentToken, text, asksForKey, formToken } = await nextPage(browser);
      expect([asksForKey, text.includes('alice')]).toEqual([false, true]);
      const form = { consent_token: consentToken, form_token: formToken, decision: 'allow' };
      const location = new URL((await post(browser, form)).headers.get('location')!);
      expect(location.searchParams.has('code')).toBe(true);
    });

    it.each([
      [
        'https://registry.example',
        /^__Host-consent_session=[\w-]{43}; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
      ],
      [
        'https://host.example/registry',
        /^__Secure-consent_session=[\w-]{43}; Path=\/registry\/consent; HttpOnly; Secure; SameSite=Lax$/,
      ],
    ])(
      'has a cookie that other hosts cannot set, or below a path not without https, at %s',
      async (publicUrl, cookie) => {
        const secure = await Registry.start(engine, { PUBLIC_URL: publicUrl });
        try {
          const user = authorizationOf(() => secure);
          const { consentToken } = await user.ask(await user.register());
          const { apiKey } = await secure.createKey();
          const reply = await user.showKey(consentToken, apiKey);
          expect(reply.headers.getSetCookie()).toEqual([expect.stringMatching(cookie)]);
        } finally {
          await secure.stop();
        }
      },
    );

    it('decides nothing by a form that it was not shown (CSRF)', async () => {
      const { browser } = await aBrowser((await registry.createKey()).apiKey);
      const other = await nextPage(browser);
      const { consentToken } = await nextPage(browser);
      for (const formToken of ['', other.formToken]) {
        const form = { consent_token: consentToken, form_token: formToken, decision: 'allow' };
        const reply = await post(browser, form);
        expect([reply.status, reply.headers.get('location')]).toEqual([401, null]);
      }
    });

    it('is not signed in by a form that it was not shown, also over plain http (login CSRF)', async () => {
      const { apiKey } = await registry.createKey();
      const attacker = new CookieJar();
      const { consentToken } = await ask(await register());
      const formToken = formTokenOf(await (await attacker.fetch(at(consentToken))).text());
      // Over http, a browser says nothing of the sender but the origin, which a page can hide
      const headers = { origin: 'null' };
      const victim = new CookieJar();
      await nextPage(victim);
      for (const browser of [victim, new CookieJar()]) {
        for (const shown of ['', formToken]) {
          const form = { consent_token: consentToken, form_token: shown, api_key: apiKey, decision: 'allow' };
          const reply = await post(browser, form, headers);
          expect([reply.status, reply.headers.get('location'), reply.headers.getSetCookie()]).toEqual([
            403,
            null,
            [],
          ]);
        }
      }
      expect((await showKey(consentToken, apiKey, 'allow', victim, headers)).status).toBe(303);
    });

    it.each([
      ['another site', { 'sec-fetch-site': 'cross-site', origin: 'null' }],
      ['another host of the site', { 'sec-fetch-site': 'same-site', origin: 'https://other.example' }],
      ['another port, told by an old browser', { origin: 'http://127.0.0.1:1' }],
    ])('is neither signed in nor decides by a form of %s', async (_, headers) => {
      const { apiKey } = await registry.createKey();
      const { browser } = await aBrowser(apiKey);
      const { consentToken, formToken } = await nextPage(browser);
      const ways: Record<string, string>[] = [{ form_token: formToken }, { api_key: apiKey }];
      for (const known of ways) {
        const reply = await post(
          browser,
          { consent_token: consentToken, decision: 'allow', ...known },
          headers,
        );
        expect([reply.status, reply.headers.get('location'), reply.headers.getSetCookie()]).toEqual([
          403,
          null,
          [],
        ]);
      }
      const own = { 'sec-fetch-site': 'same-origin', origin: 'null' };
      const form = { consent_token: consentToken, form_token: formToken, decision: 'allow' };
      expect((await post(browser, form, own)).status).toBe(303);
    });

    it('is asked for its key again with a max_age below eight hours', async () => {
      const { browser, client } = await aBrowser((await registry.createKey()).apiKey);
      const asksForKey = async (maxAge: string) => {
        const { consentToken } = await ask(client, { scope: 'read', max_age: maxAge });
        return (await (await browser.fetch(at(consentToken))).text()).includes('Your API key');
      };
      expect([await asksForKey('0'), await asksForKey('28799'), await asksForKey('28800')]).toEqual([
        true,
        true,
        false,
      ]);
    });

    it('is asked for its key again with prompt=login, also for what it has allowed', async () => {
      const { apiKey } = await registry.createKey();
      const { browser, client } = await aBrowser(apiKey);
      const { consentToken } = await ask(client, { scope: 'read', prompt: 'login' });
      const page = await browser.fetch(at(consentToken));
      const text = await page.text();
      expect([page.status, text.includes('Your API key')]).toEqual([200, true]);
      const form = { consent_token: consentToken, form_token: formTokenOf(text), decision: 'allow' };
      expect((await post(browser, form)).status).toBe(401);
      const location = new URL((await post(browser, { ...form, api_key: apiKey })).headers.get('location')!);
      expect(location.searchParams.has('code')).toBe(true);
    });

    it('is asked for a key after it has signed out, also with a copy of the cookie', async () => {
      const { browser, cookies } = await aBrowser((await registry.createKey()).apiKey);
      const { consentToken, formToken } = await nextPage(browser);
      const form = { consent_token: consentToken, form_token: formToken, decision: 'sign-out' };
      expect((await post(browser, form)).headers.get('location')).toBe(at(consentToken));
      const headers = { cookie: cookies[0]!.split(';')[0]! };
      const copy = await registry.send(`/consent?consent_token=${consentToken}`, { method: 'GET', headers });
      expect(copy.text).toContain('Your API key');
      expect((await nextPage(browser)).asksForKey).toBe(true);
    });

    it('is asked for a key once that is revoked, or after eight hours', async () => {
      const { apiKey, id } = await registry.createKey();
      const { browser } = await aBrowser(apiKey);
      expect((await nextPage(browser)).asksForKey).toBe(false);
      await registry.graphql('mutation ($id: ID!) { revokeApiKey(id: $id) { apiKey { id } } }', { id });
      expect((await nextPage(browser)).asksForKey).toBe(true);
      const { browser: late } = await aBrowser((await registry.createKey()).apiKey);
      expect((await nextPage(late)).asksForKey).toBe(false);
      await registry.dataSource.query(`UPDATE admin_sessions SET expires_at = ${Date.now() - 1}`);
      expect((await nextPage(late)).asksForKey).toBe(true);
    });

    it('has no session of the console', async () => {
      const { cookies } = await aBrowser(registry.adminKey);
      const secret = /=([^;]+)/.exec(cookies[0]!)![1]!;
      const { status } = await registry.send('/graphql', {
        body: { query: '{ __typename }' },
        headers: { cookie: `admin_session=${secret}`, origin: registry.url },
      });
      expect(status).toBe(401);
    });
  });
});
