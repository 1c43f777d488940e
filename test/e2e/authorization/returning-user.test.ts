import {
  authorizationOf,
  CALLBACK,
  FORM,
  formTokenOf,
  type TestClient,
} from '../../support/authorization.js';
import { IdentityProvider } from '../../support/backing-services/identity-provider.js';
import { onEachEngine } from '../../support/databases.js';
import { CookieJar } from '../../support/network/cookie-jar.js';
import { Registry } from '../../support/registry.js';

const OTHER = 'https://other.example/callback';
const LOOPBACK = 'http://127.0.0.1:4000/callback';
const PRIVATE_USE = 'com.example.app:/callback';
const PAGE = 'the consent page';

onEachEngine((engine) => {
  let provider: IdentityProvider;
  let registry: Registry;
  beforeAll(async () => {
    provider = await IdentityProvider.start();
    registry = await Registry.start(engine, {
      ...provider.env,
      AUTHORIZATION_RESOURCES: 'https://one.example https://two.example',
    });
  });
  afterAll(async () => {
    await registry.stop();
    provider.stop();
  });
  const { register, createClient, ask, introspect, exchangeCode } = authorizationOf(() => registry);

  const aClient = () => register({ redirect_uris: [CALLBACK, OTHER, LOOPBACK, PRIVATE_USE] });

  /** Where a request leads a browser whose user signs in: to the client, or to the consent page. */
  async function request(client: TestClient, overrides: Record<string, string> = {}) {
    const browser = new CookieJar();
    const { consentToken, verifier } = await ask(client, overrides);
    const callback = await provider.signIn(browser, `${registry.url}/consent?consent_token=${consentToken}`);
    const page = await browser.location(callback);
    const leads = page.pathname === '/consent' ? await browser.fetch(page) : null;
    const location = leads === null ? page : new URL(leads.headers.get('location') ?? 'about:blank');
    const result =
      location.protocol === 'about:'
        ? PAGE
        : (location.searchParams.get('error') ?? (location.searchParams.has('code') ? 'code' : 'nothing'));
    const formToken = leads === null ? '' : formTokenOf(await leads.text());
    const allow = async () => {
      const reply = await browser.fetch(`${registry.url}/consent`, {
        method: 'POST',
        body: new URLSearchParams({ consent_token: consentToken, form_token: formToken, decision: 'allow' }),
        headers: FORM,
      });
      return new URL(reply.headers.get('location')!);
    };
    return { result, location, verifier, allow };
  }

  const outcome = async (client: TestClient, overrides: Record<string, string> = {}) =>
    (await request(client, overrides)).result;

  /** A client that the user has allowed to read. */
  async function grantedClient(overrides: Record<string, string> = {}) {
    const client = await aClient();
    const first = await request(client, { scope: 'read', ...overrides });
    expect(first.result).toBe(PAGE);
    await first.allow();
    return client;
  }

  it('A user who comes back is asked no second time, and the client gets a code', async () => {
    const client = await grantedClient();
    const { result, location, verifier } = await request(client, { scope: 'read' });
    expect([result, location.searchParams.get('state')]).toEqual(['code', 'state of the client']);
    const { body } = await exchangeCode(client, location.searchParams.get('code')!, verifier);
    const token = await introspect(body.access_token as string);
    expect(token.body).toMatchObject({ active: true, sub: 'alice', scope: 'read' });
  });

  it.each([
    ['another scope', { scope: 'read write' }],
    ['another resource', { scope: 'read', resource: 'https://one.example' }],
    ['a host that is new to the user', { scope: 'read', redirect_uri: OTHER }],
    ['their own machine, if that is new', { scope: 'read', redirect_uri: LOOPBACK }],
    ['an application that is new', { scope: 'read', redirect_uri: PRIVATE_USE }],
    ['prompt=consent', { scope: 'read', prompt: 'consent' }],
  ])('A user who comes back is asked for %s', async (_, overrides) => {
    expect(await outcome(await grantedClient(), overrides)).toBe(PAGE);
  });

  it.each([
    ['on their own machine, at any port', LOOPBACK, 'http://127.0.0.1:5000/callback'],
    ['in an application with a scheme of its own', PRIVATE_USE, PRIVATE_USE],
  ])('A user who comes back %s is asked no second time', async (_, first, second) => {
    const client = await grantedClient({ redirect_uri: first });
    expect(await outcome(client, { scope: 'read', redirect_uri: second })).toBe('code');
    expect(await outcome(client, { scope: 'read' })).toBe(PAGE);
  });

  it('A verified client is asked for at no new host', async () => {
    const client = await grantedClient();
    const { body } = await registry.graphql(
      'mutation ($id: ID!) { setOAuthClientVerified(clientId: $id, verified: true) { client { verified } } }',
      { id: client.id },
    );
    expect(body.errors).toBeUndefined();
    expect(await outcome(client, { scope: 'read', redirect_uri: OTHER })).toBe('code');
    expect(await outcome(client, { scope: 'read', redirect_uri: LOOPBACK })).toBe('code');
  });

  it('A step-up keeps what was granted', async () => {
    const client = await grantedClient();
    await (await request(client, { scope: 'write' })).allow();
    expect(await outcome(client, { scope: 'read write' })).toBe('code');
  });

  it('Another user, and one who has revoked the grant, is asked', async () => {
    const client = await grantedClient();
    provider.user = { sub: 'bob', organization: 'acme' };
    expect(await outcome(client, { scope: 'read' })).toBe(PAGE);
    provider.user = { sub: 'alice', organization: 'acme' };
    const { apiKey: key } = await registry.createKey({ orgId: 'acme', userId: 'alice' });
    const { body } = await registry.send('/v2/oauth/grants', { method: 'GET', key });
    for (const { id } of body.data as { id: string }[]) {
      await registry.send(`/v2/oauth/grants/${id}`, { method: 'DELETE', key });
    }
    expect(await outcome(client, { scope: 'read' })).toBe(PAGE);
  });

  it('A user who comes back has to sign in again with prompt=login', async () => {
    const client = await grantedClient();
    const browser = new CookieJar();
    const pageOf = (consentToken: string) => `${registry.url}/consent?consent_token=${consentToken}`;
    const { consentToken } = await ask(client, { scope: 'read' });
    // The provider remembers its user
    await browser.location(await provider.signIn(browser, pageOf(consentToken)));
    const again = await ask(client, { scope: 'read', prompt: 'login' });
    const atProvider = await browser.location(pageOf(again.consentToken));
    expect(atProvider.searchParams.get('prompt')).toBe('login');
    expect((await browser.location(atProvider)).pathname).toMatch('/interaction/');
    expect(await outcome(client, { scope: 'read', prompt: 'login' })).toBe('code');
  });

  describe('With max_age', () => {
    const pageOf = (consentToken: string) => `${registry.url}/consent?consent_token=${consentToken}`;

    /** A browser whose user the provider remembers, and a client that the user has allowed to read. */
    async function returning() {
      const client = await createClient();
      await (await request(client, { scope: 'read' })).allow();
      const browser = new CookieJar();
      const { consentToken } = await ask(client, { scope: 'read' });
      await browser.location(await provider.signIn(browser, pageOf(consentToken)));
      const start = async (overrides: Record<string, string>) => {
        const { consentToken: next } = await ask(client, { scope: 'read', ...overrides });
        return browser.location(pageOf(next));
      };
      return { browser, client, start };
    }

    it('a user whose sign-in is recent enough is not asked, and the provider is told', async () => {
      const { browser, start } = await returning();
      const atProvider = await start({ max_age: '3600' });
      expect(atProvider.searchParams.get('max_age')).toBe('3600');
      const callback = await browser.location(atProvider);
      expect(callback.pathname).toBe('/v2/oauth/login/callback');
      const location = await browser.location(await browser.location(callback));
      expect(location.searchParams.has('code')).toBe(true);
    });

    it('a user whose sign-in is older has to sign in again', async () => {
      const { browser, start } = await returning();
      const atProvider = await start({ max_age: '1' });
      // Seconds are counted in full
      const isOld = async () => (await browser.location(atProvider)).pathname.startsWith('/interaction/');
      while (!(await isOld())) await new Promise((resolve) => setTimeout(resolve, 200));
      const callback = await provider.signIn(browser, await start({ max_age: '1' }));
      const location = await browser.location(await browser.location(callback));
      expect(location.searchParams.has('code')).toBe(true);
    });

    it('of 0 every user has to sign in again', async () => {
      const { browser, start } = await returning();
      const atProvider = await start({ max_age: '0' });
      expect((await browser.location(atProvider)).pathname).toMatch('/interaction/');
    });

    it('an ID token that does not say when the user signed in is rejected', async () => {
      const { browser, start } = await returning();
      const atProvider = await start({ max_age: '3600' });
      atProvider.searchParams.delete('max_age');
      const reply = await browser.fetch(await browser.location(atProvider));
      expect([reply.status, reply.headers.get('location')]).toEqual([400, null]);
    });

    it.each([
      ['a negative max_age', { max_age: '-1' }, 'invalid_request'],
      ['a max_age that is no number', { max_age: 'soon' }, 'invalid_request'],
    ])('and %s the client gets an error', async (_, parameters, error) => {
      const { authorize, aRequest } = authorizationOf(() => registry);
      const { location } = await authorize(aRequest(await createClient(), parameters).parameters);
      expect([location!.host, location!.searchParams.get('error')]).toEqual(['app.example', error]);
    });

    it('of 0 and prompt=none the client gets an error', async () => {
      const { browser, start } = await returning();
      const callback = await browser.location(await start({ max_age: '0', prompt: 'none' }));
      const location = await browser.location(callback);
      expect([location.host, location.searchParams.get('error')]).toEqual(['app.example', 'login_required']);
    });

    it('that was pushed, the provider is told', async () => {
      const client = await createClient();
      const { aRequest, authorize } = authorizationOf(() => registry);
      const { parameters } = aRequest(client, { max_age: '60' });
      const { body } = await registry.send('/v2/oauth/par', { body: parameters });
      const request = { client_id: client.id, request_uri: body.request_uri as string };
      const { location } = await authorize(request);
      const atProvider = await new CookieJar().location(location!);
      expect(atProvider.searchParams.get('max_age')).toBe('60');
    });
  });

  describe('With prompt=none', () => {
    it('a user who comes back is not asked', async () => {
      const client = await createClient();
      await (await request(client, { scope: 'read' })).allow();
      const browser = new CookieJar();
      const { consentToken } = await ask(client, { scope: 'read' });
      const start = `${registry.url}/consent?consent_token=${consentToken}`;
      // The provider remembers its user
      await browser.location(await provider.signIn(browser, start));
      const silent = await ask(client, { scope: 'read', prompt: 'none' });
      const callback = await provider.signIn(
        browser,
        `${registry.url}/consent?consent_token=${silent.consentToken}`,
      );
      expect(provider.asked.get('prompt')).toBe('none');
      const location = await browser.location(await browser.location(callback));
      expect([location.host, location.searchParams.has('code')]).toEqual(['app.example', true]);
      const more = await ask(client, { scope: 'write', prompt: 'none' });
      const next = await provider.signIn(
        browser,
        `${registry.url}/consent?consent_token=${more.consentToken}`,
      );
      const refused = await browser.location(await browser.location(next));
      expect([refused.host, refused.searchParams.get('error')]).toEqual(['app.example', 'consent_required']);
    });

    it('a user who has not signed in sends the client an error', async () => {
      const { result, location } = await request(await createClient(), { prompt: 'none' });
      expect([result, location.host, location.searchParams.get('state')]).toEqual([
        'login_required',
        'app.example',
        'state of the client',
      ]);
    });

    it('a user with an API key, whom no one knows yet, sends the client an error', async () => {
      const other = await Registry.start(engine);
      try {
        const keys = authorizationOf(() => other);
        const { consentToken } = await keys.ask(await keys.createClient(), { prompt: 'none' });
        const page = `${other.url}/consent?consent_token=${consentToken}`;
        const location = await new CookieJar().location(page);
        expect([location.host, location.searchParams.get('error')]).toEqual([
          'app.example',
          'login_required',
        ]);
      } finally {
        await other.stop();
      }
    });

    it('a stranger ends no request that a user has opened', async () => {
      const other = await Registry.start(engine);
      try {
        const keys = authorizationOf(() => other);
        const { consentToken } = await keys.ask(await keys.createClient(), { prompt: 'none' });
        const { apiKey } = await other.createKey();
        await other.send(`/v2/oauth/consent/${consentToken}`, { method: 'GET', key: apiKey });
        const page = await new CookieJar().fetch(`${other.url}/consent?consent_token=${consentToken}`);
        expect([page.status, page.headers.get('location')]).toEqual([404, null]);
        expect((await keys.decide(consentToken, true, apiKey)).status).toBe(200);
      } finally {
        await other.stop();
      }
    });
  });
});
