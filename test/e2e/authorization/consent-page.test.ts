import { authorizationOf } from '../../support/authorization.js';
import { onEachEngine } from '../../support/databases.js';
import { CookieJar } from '../../support/network/cookie-jar.js';
import { Registry } from '../../support/registry.js';

onEachEngine((engine) => {
  let registry: Registry;
  let key: string;
  beforeAll(async () => {
    registry = await Registry.start(engine, {
      RATE_LIMIT_FAILED_AUTH: '20/1h',
      RATE_LIMIT_AUDIT_BYTES: '100000/1h',
    });
    key = (await registry.createKey()).apiKey;
  });
  afterAll(() => registry.stop());
  const { register, ask, showKey } = authorizationOf(() => registry);

  const show = (consentToken: string) =>
    registry.send(`/consent?consent_token=${encodeURIComponent(consentToken)}`, { method: 'GET' });

  it('shows who asks, for what and where the user is sent, and contains no script', async () => {
    const client = await register({ client_name: '"><script>alert(1)</script>' });
    const { consentToken } = await ask(client, { scope: 'read' });
    const { status, headers, text } = await show(consentToken);
    expect(status).toBe(200);
    expect(text).toContain('&lt;script&gt;');
    expect(text).not.toContain('<script');
    expect(text).toContain('app.example');
    expect(text).toContain('read');
    expect(text).toContain('not verified');
    expect(headers.get('content-security-policy')).toBe(
      "default-src 'none';style-src 'unsafe-inline';form-action 'self' https://app.example;frame-ancestors 'none';base-uri 'none'",
    );
    expect([
      headers.get('referrer-policy'),
      headers.get('x-frame-options'),
      headers.get('cache-control'),
    ]).toEqual(['no-referrer', 'DENY', 'no-store']);
  });

  it.each([
    ['the loopback interface', 'http://127.0.0.1:4000/callback', true],
    ['an application', 'com.example.app:/callback', true],
    ['a host', 'https://app.example/callback', false],
  ])('warns of programs on the machine of the user if the request leads to %s', async (_, uri, isWarned) => {
    const all = ['http://127.0.0.1/callback', 'com.example.app:/callback', 'https://app.example/callback'];
    const { consentToken } = await ask(await register({ redirect_uris: all }), { redirect_uri: uri });
    expect((await show(consentToken)).text.includes('It runs on your own machine')).toBe(isWarned);
  });

  it.each([
    ['com.evil.app://accounts.example.com/callback', 'com.evil.app:'],
    ['accounts.example.com:/callback', 'accounts.example.com:'],
  ])('shows an application, not the host that it claims: %s', async (uri, scheme) => {
    const { consentToken } = await ask(await register({ redirect_uris: [uri] }), { redirect_uri: uri });
    const { text } = await show(consentToken);
    expect(text).toContain(`<strong>an application on this device (${scheme})</strong>`);
    expect(text.split('accounts.example.com')).toHaveLength(scheme.startsWith('accounts') ? 2 : 1);
  });

  it('says in words why an authorization request is rejected', async () => {
    const reply = await fetch(`${registry.url}/v2/oauth/authorize?client_id=unknown`, {
      headers: { accept: 'text/html' },
    });
    expect([reply.status, reply.headers.get('content-type')]).toEqual([400, 'text/html; charset=utf-8']);
    expect(await reply.text()).toContain('The client is unknown or disabled');
  });

  it.each([
    ['allow', 'code'],
    ['deny', 'error'],
  ])('sends the browser back to the client on %s', async (decision, parameter) => {
    const { consentToken } = await ask(await register());
    const browser = new CookieJar();
    const reply = await showKey(consentToken, key, decision, browser);
    expect([reply.status, reply.headers.get('referrer-policy')]).toEqual([303, 'no-referrer']);
    const location = new URL(reply.headers.get('location')!);
    expect([location.host, location.searchParams.has(parameter)]).toEqual(['app.example', true]);
    const again = await showKey(consentToken, key, decision, browser);
    expect([again.status, again.headers.get('location')]).toEqual([404, null]);
  });

  it('asks again for an API key that is invalid, and counts such keys', async () => {
    const { consentToken } = await ask(await register());
    const viewer = (await registry.createKey({ role: 'viewer' })).apiKey;
    for (const apiKey of ['unknown', viewer, '']) {
      const reply = await showKey(consentToken, apiKey);
      const text = await reply.text();
      expect([reply.status, text.includes('The API key is not valid')]).toEqual([401, true]);
      if (apiKey !== '') expect(text).not.toContain(apiKey);
    }
    let status = 401;
    for (let i = 0; i < 25 && status === 401; i++) {
      ({ status } = await showKey(consentToken, `key-${i}`));
    }
    expect(status).toBe(429);
  });

  it('judges no API key for a consent token of no use', async () => {
    const other = await Registry.start(engine, { RATE_LIMIT_FAILED_AUTH: '3/1h' });
    try {
      const { apiKey } = await other.createKey();
      const keys = authorizationOf(() => other);
      const send = async (key: string, consentToken = 'unknown') =>
        (await keys.showKey(consentToken, key)).status;
      expect([await send(apiKey), await send('wrong')]).toEqual([404, 404]);
      const { consentToken } = await keys.ask(await keys.register());
      const statuses = [];
      for (let i = 0; i < 4; i++) statuses.push(await send(`wrong-${i}`, consentToken));
      expect(statuses).toEqual([401, 401, 401, 429]);
      // One that was judged would be exempt from the limit
      expect(await send(apiKey)).toBe(429);
    } finally {
      await other.stop();
    }
  });

  it('says what is wrong with an unknown consent token', async () => {
    const { status, text } = await show('unknown');
    expect([status, text.includes('The consent token is unknown, expired or used')]).toEqual([404, true]);
  });
});
