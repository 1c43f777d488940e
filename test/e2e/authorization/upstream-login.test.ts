import { authorizationOf, FORM, formTokenOf, linkOf, type TestClient } from '../../support/authorization.js';
import { IdentityProvider } from '../../support/backing-services/identity-provider.js';
import { onEachEngine } from '../../support/databases.js';
import { CookieJar } from '../../support/network/cookie-jar.js';
import { Registry } from '../../support/registry.js';

onEachEngine((engine) => {
  let provider: IdentityProvider;
  let registry: Registry;
  beforeAll(async () => {
    provider = await IdentityProvider.start();
    registry = await Registry.start(engine, provider.env);
  });
  beforeEach(() => {
    provider.user = { sub: 'alice', organization: 'acme' };
    provider.instead = undefined;
  });
  afterAll(async () => {
    await registry.stop();
    provider.stop();
  });
  const { register, createClient, ask, introspect, exchangeCode } = authorizationOf(() => registry);

  const consentUrl = (consentToken: string) => `${registry.url}/consent?consent_token=${consentToken}`;

  const signIn = (browser: CookieJar, start: string | URL, answer?: string) =>
    provider.signIn(browser, start, answer);

  /** The consent page of a request, and its token, for a browser that has signed in. */
  async function openPage(browser: CookieJar, client: TestClient) {
    const { consentToken, verifier } = await ask(client);
    const callback = await signIn(browser, consentUrl(consentToken));
    const page = await browser.fetch(await browser.location(callback));
    return { consentToken, verifier, callback, status: page.status, text: await page.text() };
  }

  const submit = (browser: CookieJar, consentToken: string, formToken: string, decision = 'allow') =>
    browser.fetch(`${registry.url}/consent`, {
      method: 'POST',
      body: new URLSearchParams({ consent_token: consentToken, form_token: formToken, decision }),
      headers: FORM,
    });

  /** Submits the form that the browser is shown; one without a token if it is shown none. */
  async function decide(browser: CookieJar, consentToken: string, decision?: string) {
    const page = await browser.fetch(consentUrl(consentToken));
    return submit(browser, consentToken, formTokenOf(await page.text()), decision);
  }

  const storedText = async () =>
    JSON.stringify(await registry.dataSource.query<unknown[]>('SELECT * FROM oauth_tokens'));

  const actionsOf = async ({ id }: TestClient) => {
    const query = 'query ($id: ID!) { auditEvents(filter: { clientId: $id }) { nodes { action } } }';
    const { body } = await registry.graphql(query, { id });
    return (body.data.auditEvents.nodes as { action: string }[]).map(({ action }) => action);
  };

  /** What a browser gets that writes an error into the callback itself, and never visits the provider. */
  async function forgeError(consentToken: string, error: string) {
    const browser = new CookieJar();
    const state = (await browser.location(consentUrl(consentToken))).searchParams.get('state')!;
    const callback = new URLSearchParams({ error, state, iss: provider.url });
    return browser.fetch(`${registry.url}/v2/oauth/login/callback?${callback.toString()}`);
  }

  describe('A user', () => {
    it('signs in at the provider, is asked for consent, and is the subject of the tokens', async () => {
      const client = await register({ client_name: 'Agent' });
      const browser = new CookieJar();
      const { status, text, consentToken, verifier } = await openPage(browser, client);
      expect([status, text.includes('Allow Agent?'), text.includes('alice@example.com')]).toEqual([
        200,
        true,
        true,
      ]);
      expect(text).not.toContain('api_key');
      const location = new URL((await decide(browser, consentToken)).headers.get('location')!);
      expect([location.host, location.searchParams.get('state')]).toEqual([
        'app.example',
        'state of the client',
      ]);
      const { body } = await exchangeCode(client, location.searchParams.get('code')!, verifier);
      const token = await introspect(body.access_token as string);
      expect(token.body).toMatchObject({ active: true, sub: 'alice', scope: 'read write' });
    });

    it('is the one whom an API key of the same organization and name stands for', async () => {
      const browser = new CookieJar();
      provider.user = { sub: 'bob', organization: ['acme'] };
      const { consentToken } = await openPage(browser, await register());
      expect((await decide(browser, consentToken)).status).toBe(303);
      const key = async (orgId: string) => (await registry.createKey({ orgId, userId: 'bob' })).apiKey;
      const grantsOf = async (orgId: string) =>
        (await registry.send('/v2/oauth/grants', { method: 'GET', key: await key(orgId) })).body.meta
          .total_results as number;
      expect([await grantsOf('acme'), await grantsOf('other')]).toEqual([1, 0]);
    });

    it('who denies the request sends the client an error', async () => {
      const browser = new CookieJar();
      const { consentToken } = await openPage(browser, await register());
      const location = new URL((await decide(browser, consentToken, 'deny')).headers.get('location')!);
      expect([location.host, location.searchParams.get('error')]).toEqual(['app.example', 'access_denied']);
    });

    it('decides nothing by a form that they were not shown (CSRF)', async () => {
      const browser = new CookieJar();
      const other = await openPage(browser, await register());
      const { consentToken, text } = await openPage(browser, await register());
      expect(text).not.toContain('Sign out');
      for (const formToken of ['', formTokenOf(other.text)]) {
        const reply = await submit(browser, consentToken, formToken);
        expect([reply.status, reply.headers.get('location')]).toEqual([401, null]);
      }
      expect((await submit(browser, consentToken, formTokenOf(text))).status).toBe(303);
    });

    it('who says no at the provider sees a page with a link to an anonymous client', async () => {
      const { consentToken } = await ask(await register());
      const browser = new CookieJar();
      const reply = await browser.fetch(await signIn(browser, consentUrl(consentToken), '?deny'));
      const link = linkOf(await reply.text())!;
      expect([reply.status, link.text, link.url.searchParams.get('error')]).toEqual([
        400,
        'Go to app.example',
        'access_denied',
      ]);
      expect((await browser.fetch(consentUrl(consentToken))).status).toBe(404);
    });

    it('who says no at the provider sends the client an error', async () => {
      const { consentToken } = await ask(await createClient());
      const browser = new CookieJar();
      const location = await browser.location(await signIn(browser, consentUrl(consentToken), '?deny'));
      expect([
        location.host,
        location.searchParams.get('error'),
        location.searchParams.get('state'),
        location.searchParams.get('iss'),
      ]).toEqual(['app.example', 'access_denied', 'state of the client', registry.url]);
      expect((await browser.fetch(consentUrl(consentToken))).status).toBe(404);
    });

    it.each([
      ['none', undefined],
      ['an empty name', ''],
      ['two', ['acme', 'other']],
      ['one with an invisible character', 'ac\u200bme'],
      ['one that is no text', { id: 'acme' }],
    ])('with an organization that is %s is not signed in', async (_, organization) => {
      provider.user = { sub: 'alice', organization };
      const { consentToken } = await ask(await register());
      const browser = new CookieJar();
      const reply = await browser.fetch(await signIn(browser, consentUrl(consentToken)));
      const text = await reply.text();
      expect([reply.status, text.includes('Your account belongs to no organization')]).toEqual([403, true]);
      expect((await decide(browser, consentToken)).status).toBe(401);
    });

    it('cannot decide a request that another user has opened', async () => {
      const { consentToken, text } = await openPage(new CookieJar(), await register());
      expect(text).toContain('Allow');
      provider.user = { sub: 'mallory', organization: 'acme' };
      const browser = new CookieJar();
      const reply = await browser.fetch(await signIn(browser, consentUrl(consentToken)));
      expect(reply.status).toBe(404);
      expect((await decide(browser, consentToken)).status).toBe(401);
    });

    it('decides once, and needs the browser that has signed in', async () => {
      const browser = new CookieJar();
      const { consentToken } = await openPage(browser, await register());
      expect((await decide(new CookieJar(), consentToken)).status).toBe(401);
      const replies = await Promise.all([1, 2, 3].map(() => decide(browser, consentToken)));
      const [first, ...others] = replies.map(({ status }) => status).sort();
      expect(first).toBe(303);
      // What is decided is gone, and its sign-in with it
      for (const status of others) expect([401, 404]).toContain(status);
    });

    it('has two requests open in two tabs', async () => {
      const browser = new CookieJar();
      const client = await register();
      const [one, two] = [await ask(client), await ask(client)];
      const begun = [
        await browser.location(consentUrl(one.consentToken)),
        await browser.location(consentUrl(two.consentToken)),
      ];
      const pages = [];
      for (const location of begun) {
        const callback = await signIn(browser, location);
        pages.push(await (await browser.fetch(await browser.location(callback))).text());
      }
      for (const [i, { consentToken }] of [one, two].entries()) {
        expect((await submit(browser, consentToken, formTokenOf(pages[i]!))).status).toBe(303);
      }
    });
  });

  describe('A sign-in', () => {
    it('is sent with PKCE, state and nonce, and is in the database encrypted only', async () => {
      const { consentToken } = await ask(await register());
      const browser = new CookieJar();
      const reply = await browser.fetch(consentUrl(consentToken));
      const cookie = reply.headers.getSetCookie();
      const sent = new URL(reply.headers.get('location')!).searchParams;
      expect(Object.fromEntries(sent)).toEqual({
        client_id: 'the-registry',
        response_type: 'code',
        scope: 'openid',
        redirect_uri: `${registry.url}/v2/oauth/login/callback`,
        state: expect.stringMatching(/^[\w-]{43}$/) as string,
        nonce: expect.stringMatching(/^[\w-]{43}$/) as string,
        code_challenge: expect.stringMatching(/^[\w-]{43}$/) as string,
        code_challenge_method: 'S256',
      });
      expect(cookie).toEqual([
        expect.stringMatching(/^login=[\w-]{43}; Max-Age=600; Path=\/; HttpOnly; SameSite=Lax$/),
      ]);
      expect([reply.headers.get('referrer-policy'), reply.headers.get('cache-control')]).toEqual([
        'no-referrer',
        'no-store',
      ]);
      const stored = await storedText();
      const [, secretOfBrowser] = /^login=([^;]+)/.exec(cookie[0]!)!;
      for (const secret of [sent.get('state'), sent.get('nonce'), consentToken, secretOfBrowser]) {
        expect(stored).not.toContain(secret);
      }
    });

    it('is finished once', async () => {
      const { callback } = await openPage(new CookieJar(), await register());
      const { consentToken } = await ask(await register());
      const browser = new CookieJar();
      const own = await signIn(browser, consentUrl(consentToken));
      const replies = await Promise.all([1, 2, 3].map(() => browser.fetch(own)));
      expect(replies.map(({ status }) => status).sort()).toEqual([303, 400, 400]);
      expect((await browser.fetch(callback)).status).toBe(400);
    });

    it('is finished only by the browser that began it', async () => {
      const { consentToken } = await ask(await register());
      const attacker = new CookieJar();
      const callback = await signIn(attacker, consentUrl(consentToken));
      const victim = new CookieJar();
      expect((await victim.fetch(callback)).status).toBe(400);
      await victim.fetch(consentUrl((await ask(await register())).consentToken));
      expect((await victim.fetch(callback)).status).toBe(400);
      expect((await attacker.fetch(callback)).status).toBe(303);
    });

    it.each([
      ['an unknown state', (url: URL) => url.searchParams.set('state', 'x'.repeat(43)), 400],
      ['no state', (url: URL) => url.searchParams.delete('state'), 400],
      ['a state that is repeated', (url: URL) => url.searchParams.append('state', 'y'), 400],
      ['an unknown code', (url: URL) => url.searchParams.set('code', 'unknown'), 400],
      ['no code', (url: URL) => url.searchParams.delete('code'), 400],
      [
        'the issuer of another provider',
        (url: URL) => url.searchParams.set('iss', 'https://evil.example'),
        400,
      ],
    ])('fails with %s', async (_, change, status) => {
      const { consentToken } = await ask(await register());
      const browser = new CookieJar();
      const callback = await signIn(browser, consentUrl(consentToken));
      change(callback);
      const reply = await browser.fetch(callback);
      expect([reply.status, reply.headers.get('location')]).toEqual([status, null]);
      expect((await decide(browser, consentToken)).status).toBe(401);
    });

    it('fails with a code of another sign-in, whose nonce and PKCE challenge it has', async () => {
      const browser = new CookieJar();
      const client = await register();
      const [one, two] = [await ask(client), await ask(client)];
      const other = await signIn(browser, consentUrl(two.consentToken));
      const callback = await signIn(browser, consentUrl(one.consentToken));
      callback.searchParams.set('code', other.searchParams.get('code')!);
      expect((await browser.fetch(callback)).status).toBe(400);
    });

    it('fails with an ID token that has another nonce', async () => {
      const browser = new CookieJar();
      const { consentToken } = await ask(await register());
      const location = await browser.location(consentUrl(consentToken));
      location.searchParams.set('nonce', 'the nonce of an attacker');
      const callback = await signIn(browser, location);
      const reply = await browser.fetch(callback);
      expect([reply.status, (await reply.text()).includes('is not valid')]).toEqual([400, true]);
      expect((await decide(browser, consentToken)).status).toBe(401);
    });
  });

  describe('An error at the callback', () => {
    it.each([
      ['access_denied', 404],
      ['login_required', 404],
      ['consent_required', 404],
      ['interaction_required', 404],
      ['server_error', 503],
    ])('that a stranger forges, %s, ends no request that a user has opened', async (error, status) => {
      const client = await createClient();
      const browser = new CookieJar();
      const { consentToken, text } = await openPage(browser, client);
      const reply = await forgeError(consentToken, error);
      expect([reply.status, reply.headers.get('location')]).toEqual([status, null]);
      const allowed = await submit(browser, consentToken, formTokenOf(text));
      const location = new URL(allowed.headers.get('location') ?? allowed.url);
      expect([location.host, location.searchParams.has('code')]).toEqual(['app.example', true]);
      expect(await actionsOf(client)).not.toContain('GRANT_DENIED');
    });

    it.each(['access_denied', 'login_required'])(
      'of a browser without a user, %s, is sent to the client, and is no event',
      async (error) => {
        const client = await createClient();
        const { consentToken } = await ask(client);
        const location = new URL((await forgeError(consentToken, error)).headers.get('location')!);
        expect([location.host, location.searchParams.get('error')]).toEqual(['app.example', error]);
        expect(await actionsOf(client)).toEqual(['CLIENT_CREATED']);
      },
    );

    it('of a user who cancels at the provider is no event, unlike a denial at the consent page', async () => {
      const client = await createClient();
      const { consentToken } = await ask(client);
      const browser = new CookieJar();
      await browser.location(await signIn(browser, consentUrl(consentToken), '?deny'));
      const page = await openPage(browser, client);
      expect(await actionsOf(client)).toEqual(['CLIENT_CREATED']);
      await decide(browser, page.consentToken, 'deny');
      expect(await actionsOf(client)).toContain('GRANT_DENIED');
    });
  });

  describe('A provider that is down, or rotates its keys,', () => {
    const down: IdentityProvider['instead'] = (_, response) => void response.writeHead(503).end();
    const cut: IdentityProvider['instead'] = (request) => void request.socket.destroy();

    it.each([
      ['answers 503', down],
      ['closes the connection', cut],
    ])('and %s is a page that offers to try again, and nothing is lost', async (_, failure) => {
      const { consentToken } = await ask(await register());
      const browser = new CookieJar();
      const callback = await signIn(browser, consentUrl(consentToken));
      provider.instead = failure;
      const reply = await browser.fetch(callback);
      const text = await reply.text();
      expect([reply.status, reply.headers.get('retry-after')]).toEqual([503, '5']);
      const [, again] = /<a href="([^"]+)">Try again<\/a>/.exec(text)!;
      provider.instead = undefined;
      const next = await signIn(browser, again!);
      await browser.location(next);
      expect((await decide(browser, consentToken)).status).toBe(303);
    });

    it('signs with a key that was not published a moment ago: the next sign-in fetches the keys again', async () => {
      const other = await Registry.start(engine, provider.env);
      try {
        const { register, ask } = authorizationOf(() => other);
        const { consentToken } = await ask(await register());
        const finish = async () => {
          const browser = new CookieJar();
          const callback = await signIn(browser, `${other.url}/consent?consent_token=${consentToken}`);
          return (await browser.fetch(callback)).status;
        };
        provider.published = [];
        const before = await finish();
        provider.published = undefined;
        expect([before, await finish()]).toEqual([503, 303]);
      } finally {
        provider.published = undefined;
        await other.stop();
      }
    });

    it('at the first sign-in of an instance is asked again by the next', async () => {
      const other = await Registry.start(engine, provider.env);
      try {
        const { register, ask } = authorizationOf(() => other);
        const { consentToken } = await ask(await register());
        provider.instead = cut;
        const url = `${other.url}/consent?consent_token=${consentToken}`;
        const reply = await new CookieJar().fetch(url);
        expect([reply.status, (await reply.text()).includes('Try again')]).toEqual([503, true]);
        provider.instead = undefined;
        expect((await new CookieJar().fetch(url)).status).toBe(303);
      } finally {
        await other.stop();
      }
    });
  });

  it('An unknown consent token begins no sign-in', async () => {
    const reply = await new CookieJar().fetch(consentUrl('unknown'));
    expect([reply.status, reply.headers.get('location')]).toEqual([404, null]);
  });

  it('An API key is not accepted in place of the sign-in', async () => {
    const { consentToken } = await ask(await register());
    const reply = await fetch(`${registry.url}/consent`, {
      method: 'POST',
      body: new URLSearchParams({
        consent_token: consentToken,
        api_key: registry.adminKey,
        decision: 'allow',
      }),
      headers: FORM,
    });
    expect(reply.status).toBe(401);
  });

  it('Behind https, the cookie has a name that no other host can set', async () => {
    const secure = await Registry.start(engine, { ...provider.env, PUBLIC_URL: 'https://registry.example' });
    try {
      const { register, authorize, aRequest: request } = authorizationOf(() => secure);
      const { location } = await authorize(request(await register()).parameters);
      const reply = await fetch(`${secure.url}/consent${location!.search}`, { redirect: 'manual' });
      expect(reply.headers.getSetCookie()).toEqual([
        expect.stringMatching(
          /^__Host-login=[\w-]{43}; Max-Age=600; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
        ),
      ]);
    } finally {
      await secure.stop();
    }
  });
});
