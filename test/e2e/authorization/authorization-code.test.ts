import { decodeJwt } from 'jose';
import { authorizationOf, CALLBACK, linkOf } from '../../support/authorization.js';
import { onEachEngine } from '../../support/databases.js';
import { Registry } from '../../support/registry.js';

const JWT_API = 'https://jwt.example';

onEachEngine((engine) => {
  let registry: Registry;
  let user: string;
  beforeAll(async () => {
    registry = await Registry.start(engine, {
      AUTHORIZATION_CONSENT_URL: 'https://portal.example/consent?lang=en',
      AUTHORIZATION_RESTRICTED_SCOPES: 'admin',
      AUTHORIZATION_RESOURCES: `${JWT_API}=jwt http://localhost:9000/mcp`,
      SIGNING_KEY_SECRET: 'a-secret-for-tests-of-32-characters',
    });
    user = (await registry.createKey({ orgId: 'acme', userId: 'alice' })).apiKey;
  });
  afterAll(() => registry.stop());
  const { introspect, register, createClient, authorize, aRequest, ask, decide, aCode, refresh } =
    authorizationOf(() => registry);

  const events = async (clientId: string) => {
    const { body } = await registry.graphql(
      'query ($id: ID!) { auditEvents(filter: { clientId: $id }) { nodes { action actor { type } } } }',
      { id: clientId },
    );
    return (body.data.auditEvents.nodes as { action: string }[]).map(({ action }) => action);
  };

  describe('A user who allows a request', () => {
    it('sends the client a code, which it exchanges for tokens of the user', async () => {
      const client = await register();
      const { verifier, parameters } = aRequest(client, { scope: 'read' });
      const { status, location } = await authorize(parameters);
      expect([status, location?.origin, location?.searchParams.get('lang')]).toEqual([
        303,
        'https://portal.example',
        'en',
      ]);
      const consentToken = location!.searchParams.get('consent_token')!;
      const { body: consent } = await registry.send(`/v2/oauth/consent/${consentToken}`, {
        method: 'GET',
        key: user,
      });
      expect(consent).toEqual({
        data: {
          client_id: client.id,
          name: 'Agent',
          logo_uri: null,
          policy_uri: null,
          tos_uri: null,
          redirect_uri: CALLBACK,
          resources: [{ identifier: registry.url, name: registry.url }],
          requested_scopes: [{ id: 'read', name: 'read', description: null }],
          verified: false,
          prompt: [],
          max_age: null,
        },
      });
      const { body: decision } = await decide(consentToken, true, user);
      const back = new URL(decision.redirect_uri as string);
      expect(`${back.origin}${back.pathname}`).toBe(CALLBACK);
      expect([back.searchParams.get('state'), back.searchParams.get('iss')]).toEqual([
        'state of the client',
        registry.url,
      ]);
      const { body: tokens } = await registry.send('/v2/oauth/token', {
        body: {
          grant_type: 'authorization_code',
          client_id: client.id,
          code: back.searchParams.get('code'),
          redirect_uri: CALLBACK,
          code_verifier: verifier,
        },
      });
      expect(tokens).toEqual({
        access_token: expect.stringMatching(/^oca_/),
        refresh_token: expect.stringMatching(/^ocf_/),
        token_type: 'Bearer',
        expires_in: 3600,
        scope: 'read',
      });
      expect((await introspect(tokens.access_token as string)).body).toMatchObject({
        active: true,
        sub: 'alice',
        client_id: client.id,
        scope: 'read',
        aud: registry.url,
      });
      expect(await events(client.id)).toEqual(expect.arrayContaining(['GRANT_GIVEN']));
    });

    it('is told apart from a user of the same name in another organization', async () => {
      const namesake = (await registry.createKey({ orgId: 'other', userId: 'alice' })).apiKey;
      const client = await register();
      const users = [];
      for (const [key, resource] of [
        [user, undefined],
        [namesake, undefined],
        [namesake, JWT_API],
      ] as const) {
        const { exchange } = await aCode(client, key, { resource });
        const { body } = await exchange({ resource });
        const token = body.access_token as string;
        const claims = resource === undefined ? (await introspect(token)).body : decodeJwt(token);
        users.push([claims.sub, claims.org_id]);
      }
      expect(users).toEqual([
        ['alice', 'acme'],
        ['alice', 'other'],
        ['alice', 'other'],
      ]);
    });

    it('decides once, and no one else can decide', async () => {
      const client = await register();
      const { consentToken } = await ask(client);
      const open = (key: string) =>
        registry.send(`/v2/oauth/consent/${consentToken}`, { method: 'GET', key });
      expect((await open(user)).status).toBe(200);
      const other = (await registry.createKey()).apiKey;
      expect((await open(other)).status).toBe(404);
      expect((await decide(consentToken, true, other)).status).toBe(404);
      const answers = await Promise.all([1, 2, 3].map(() => decide(consentToken, true, user)));
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 404, 404]);
      expect((await open(user)).status).toBe(404);
      expect((await decide('unknown', true, user)).status).toBe(404);
    });

    it('has a consent token that the database does not contain, and one page for it', async () => {
      const { consentToken } = await ask(await register());
      const stored = await registry.dataSource.query<unknown[]>('SELECT * FROM oauth_tokens');
      expect(consentToken).toMatch(/^[\w-]{20,}$/);
      expect(JSON.stringify(stored)).not.toContain(consentToken);
      const page = await registry.send(`/consent?consent_token=${consentToken}`, { method: 'GET' });
      expect(page.status).toBe(404);
    });

    it('decides about the client as it was when it asked, and not after it has changed', async () => {
      const client = await registry.register({
        redirect_uris: [CALLBACK],
        token_endpoint_auth_method: 'none',
        grant_types: ['authorization_code'],
        scope: 'read write admin',
      });
      const id = client.body.client_id as string;
      let key = client.body.registration_access_token as string;
      const change = async (scope: string) => {
        const { body } = await registry.send(`/v2/oauth/register/${id}`, {
          method: 'PUT',
          key,
          body: {
            client_id: id,
            redirect_uris: [CALLBACK],
            token_endpoint_auth_method: 'none',
            grant_types: ['authorization_code'],
            scope,
          },
        });
        key = body.registration_access_token as string;
      };
      const { consentToken } = await ask({ id, secret: null });
      const describe = async () =>
        (await registry.send(`/v2/oauth/consent/${consentToken}`, { method: 'GET', key: user })).status;
      expect(await describe()).toBe(200);
      await change('read');
      expect([await describe(), (await decide(consentToken, true, user)).status]).toEqual([404, 404]);
      // What the user saw narrow would be granted wide
      await change('read write admin');
      expect([await describe(), (await decide(consentToken, true, user)).status]).toEqual([404, 404]);
    });

    it('has one grant, however many requests are allowed at once', async () => {
      const client = await register();
      const { apiKey: key } = await registry.createKey({ userId: 'dave' });
      const asked = await Promise.all([1, 2, 3].map(() => ask(client)));
      const answers = await Promise.all(asked.map(({ consentToken }) => decide(consentToken, true, key)));
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
      const { body } = await registry.send('/v2/oauth/grants', { method: 'GET', key });
      expect(body.meta.total_results).toBe(1);
    });

    it('cannot decide about an expired request, or one of a client that was disabled', async () => {
      const client = await register();
      const { consentToken } = await ask(client);
      await registry.dataSource.query(
        `UPDATE oauth_tokens SET expires_at = 1 WHERE client_id = '${client.id}'`,
      );
      expect((await decide(consentToken, true, user)).status).toBe(404);
      const { consentToken: next } = await ask(client);
      await registry.graphql(
        'mutation ($id: ID!) { disableOAuthClient(clientId: $id) { client { clientId } } }',
        {
          id: client.id,
        },
      );
      expect((await decide(next, true, user)).status).toBe(404);
    });
  });

  it('A user who denies a request sends the client an error', async () => {
    const client = await register();
    const { consentToken } = await ask(client);
    const { status, body } = await decide(consentToken, false, user);
    const { searchParams } = new URL(body.redirect_uri as string);
    expect([status, searchParams.get('error'), searchParams.get('state'), searchParams.get('iss')]).toEqual([
      200,
      'access_denied',
      'state of the client',
      registry.url,
    ]);
    expect(searchParams.has('code')).toBe(false);
    expect(await events(client.id)).toContain('GRANT_DENIED');
  });

  describe('A code', () => {
    it('is exchanged once under concurrent use, and a second use ends what came of it', async () => {
      const client = await register();
      const { exchange } = await aCode(client, user);
      const answers = await Promise.all([exchange(), exchange(), exchange()]);
      const [good, ...others] = answers.toSorted((a, b) => a.status - b.status);
      expect([good!.status, ...others.map(({ status, body }) => `${status} ${body.error}`)]).toEqual([
        200,
        '400 invalid_grant',
        '400 invalid_grant',
      ]);
      expect((await introspect(good!.body.access_token as string)).body).toEqual({ active: false });
      expect(await events(client.id)).toContain('GRANT_REVOKED');
    });

    it('ends its grant on a second use, whatever else the request contains', async () => {
      const client = await register();
      const { body: tokens } = await (await aCode(client, user)).exchange();
      const replaced = tokens.refresh_token as string;
      await refresh(client, replaced);
      const { exchange } = await aCode(client, user);
      const answers = await Promise.all([1, 2].map(() => exchange({ refresh_token: replaced })));
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 400]);
      const { body: good } = answers.find(({ status }) => status === 200)!;
      expect((await introspect(good.access_token as string)).body).toEqual({ active: false });
    });

    it.each([
      ['another verifier', { code_verifier: 'a'.repeat(43) }],
      ['no verifier', { code_verifier: undefined }],
      ['another redirect URI', { redirect_uri: 'https://app.example/other' }],
      ['an unknown code', { code: 'occ_unknown' }],
    ])('is rejected with %s', async (_, changes) => {
      const client = await register();
      const { exchange } = await aCode(client, user);
      const { status, body } = await exchange(changes);
      expect([status, body.error]).toEqual([400, 'invalid_grant']);
    });

    it('is rejected for another client, and once it has expired', async () => {
      const client = await register();
      const { exchange } = await aCode(client, user);
      const other = await register();
      expect((await exchange({ client_id: other.id })).body.error).toBe('invalid_grant');
      await registry.dataSource.query(
        `UPDATE oauth_tokens SET payload = REPLACE(payload, '"exp":', '"exp":1,"was":') WHERE client_id = '${client.id}'`,
      );
      expect((await exchange()).body.error).toBe('invalid_grant');
    });
  });

  describe('An authorization request', () => {
    const stored = (id: string) =>
      registry.dataSource.query<unknown[]>(`SELECT * FROM oauth_tokens WHERE client_id = '${id}'`);

    it.each<[string, Record<string, string | undefined>]>([
      ['another redirect URI', { redirect_uri: 'https://evil.example/callback' }],
      ['a redirect URI that continues a registered one', { redirect_uri: `${CALLBACK}.evil.example` }],
      ['no redirect URI', { redirect_uri: undefined }],
      ['a port out of range', { redirect_uri: 'http://localhost:99999/callback', response_type: 'x' }],
      ['an unknown client', { client_id: 'unknown' }],
      ['no client', { client_id: undefined }],
    ])('sends the browser nowhere with %s', async (_, changes) => {
      const client = await register({ redirect_uris: [CALLBACK, 'http://localhost/callback'] });
      const { status, location } = await authorize({ ...aRequest(client).parameters, ...changes });
      expect([status, location]).toEqual([400, null]);
      expect(await stored(client.id)).toEqual([]);
    });

    it.each(['microsoft-edge:https://evil.example', 'ms-msdt:/id?x=', 'https://user@app.example/callback'])(
      'sends the browser nowhere if an earlier release let the client register %s',
      async (uri) => {
        const client = await register();
        await registry.dataSource.query(
          `UPDATE oauth_clients SET redirect_uris = REPLACE(redirect_uris, '${CALLBACK}', '${uri}') WHERE id = '${client.id}'`,
        );
        const { status, location } = await authorize({ ...aRequest(client).parameters, redirect_uri: uri });
        expect([status, location]).toEqual([400, null]);
      },
    );

    const REJECTED: [string, Record<string, string | undefined>, string][] = [
      ['no PKCE', { code_challenge: undefined, code_challenge_method: undefined }, 'invalid_request'],
      ['plain PKCE', { code_challenge_method: 'plain' }, 'invalid_request'],
      ['another response type', { response_type: 'token' }, 'unsupported_response_type'],
      ['scopes that the client did not register', { scope: 'delete' }, 'invalid_scope'],
      ['a restricted scope', { scope: 'admin' }, 'invalid_scope'],
      ['an unknown resource', { resource: 'https://evil.example' }, 'invalid_target'],
      ['a resource with credentials', { resource: 'http://u:p@localhost/' }, 'invalid_target'],
      ['a resource with white space', { resource: ' http://localhost/' }, 'invalid_target'],
      ['a state of 5,000 characters', { state: 'x'.repeat(5000) }, 'invalid_request'],
      ['prompt=none', { prompt: 'none' }, 'login_required'],
      ['another response mode', { response_mode: 'form_post' }, 'invalid_request'],
      ['a request object', { request: 'eyJ.e30.' }, 'request_not_supported'],
    ];

    it.each(REJECTED)('sends the browser back to the client with %s', async (_, changes, error) => {
      const client = await createClient();
      const { status, location } = await authorize({ ...aRequest(client).parameters, ...changes });
      const told = new URLSearchParams(location!.search || location!.hash.slice(1));
      expect([status, location!.origin, told.get('error'), told.get('state'), told.get('iss')]).toEqual([
        303,
        'https://app.example',
        error,
        changes.state ?? 'state of the client',
        registry.url,
      ]);
      expect(await stored(client.id)).toEqual([]);
    });

    it.each(REJECTED)(
      'shows the user of an anonymous client a page with a link with %s',
      async (_, changes, error) => {
        const client = await register({ scope: 'read write admin' });
        const parameters = { ...aRequest(client).parameters, ...changes };
        const sent = Object.entries(parameters).filter((entry): entry is [string, string] => !!entry[1]);
        const url = `${registry.url}/v2/oauth/authorize?${new URLSearchParams(sent).toString()}`;
        const reply = await fetch(url, { redirect: 'manual', headers: { accept: 'text/html' } });
        const { headers } = reply;
        expect([reply.status, headers.get('location'), headers.get('referrer-policy')]).toEqual([
          400,
          null,
          'no-referrer',
        ]);
        expect(headers.get('content-security-policy')).toMatch("default-src 'none';");
        const text = await reply.text();
        const link = linkOf(text)!;
        const told = link.url.searchParams;
        expect([text.includes(error), link.text, link.url.origin]).toEqual([
          true,
          'Go to app.example',
          'https://app.example',
        ]);
        expect(text).not.toContain('undefined');
        expect([told.get('error'), told.get('state'), told.get('iss')]).toEqual([
          error,
          parameters.state,
          registry.url,
        ]);
        expect(await stored(client.id)).toEqual([]);
      },
    );

    it.each([
      ['a loopback URI', 'http://127.0.0.1:4000/callback', 303],
      ['an application that names it', 'com.example.app://localhost/callback', 400],
    ])(
      'that is rejected is redirected for an anonymous client on the loopback interface only: %s',
      async (_, uri, status) => {
        const client = await register({ redirect_uris: [uri] });
        const request = aRequest(client, { redirect_uri: uri, response_type: 'token' });
        expect((await authorize(request.parameters)).status).toBe(status);
      },
    );

    it('that is rejected is redirected for a verified client', async () => {
      const client = await register();
      await registry.graphql(
        'mutation ($id: ID!) { setOAuthClientVerified(clientId: $id, verified: true) { client { verified } } }',
        { id: client.id },
      );
      const { location } = await authorize(aRequest(client, { response_type: 'token' }).parameters);
      expect(location?.host).toBe('app.example');
    });

    it('sends the browser back to the client with a repeated parameter', async () => {
      const { parameters } = aRequest(await createClient());
      const query = new URLSearchParams([
        ...Object.entries(parameters as Record<string, string>),
        ['scope', 'read'],
        ['scope', 'write'],
        ['state', 'another'],
      ]);
      const reply = await fetch(`${registry.url}/v2/oauth/authorize?${query.toString()}`, {
        redirect: 'manual',
      });
      const location = new URL(reply.headers.get('location')!);
      expect([location.searchParams.get('error'), location.searchParams.has('state')]).toEqual([
        'invalid_request',
        false,
      ]);
    });

    it.each(['nonce', 'acr_values', 'id_token_hint', 'claims_locales', 'unknown'])(
      'is answered although it has %s, which is unknown without OpenID Connect',
      async (name) => {
        expect((await ask(await register(), { [name]: 'x' })).consentToken).not.toBe('');
      },
    );

    it('names its resource with or without a slash at the end', async () => {
      const client = await register();
      const { exchange } = await aCode(client, user, { resource: 'http://localhost:9000/mcp/' });
      const { body } = await exchange({ resource: 'http://localhost:9000/mcp' });
      expect((await introspect(body.access_token as string)).body.aud).toBe('http://localhost:9000/mcp');
      const { exchange: again } = await aCode(client, user, { resource: 'http://localhost:9000/mcp' });
      expect((await again({ resource: registry.url })).body.error).toBe('invalid_target');
    });

    it('may have any port of the loopback interface, and keeps the state as it is', async () => {
      const client = await register({
        redirect_uris: ['http://127.0.0.1:1234/callback', 'cursor://callback'],
      });
      const state = 'a\r\nSet-Cookie: x=y &"<>ü';
      for (const redirectUri of ['http://127.0.0.1:50000/callback', 'cursor://callback']) {
        const { exchange } = await aCode(client, user, { redirect_uri: redirectUri });
        expect((await exchange()).status).toBe(200);
        const { consentToken } = await ask(client, { redirect_uri: redirectUri, state });
        const { body } = await decide(consentToken, true, user);
        expect(new URL(body.redirect_uri as string).searchParams.get('state')).toBe(state);
      }
      const { status } = await authorize(
        aRequest(client, { redirect_uri: 'http://127.0.0.1:50000/other' }).parameters,
      );
      expect(status).toBe(400);
    });
  });

  describe('A grant', () => {
    it('is listed, read and revoked by its user only, and ends its tokens at once', async () => {
      const client = await register();
      const { apiKey: key } = await registry.createKey({ orgId: 'acme', userId: 'bob' });
      const { exchange } = await aCode(client, key, { scope: 'read' });
      const { body: tokens } = await exchange();
      const send = (path: string, method = 'GET', by = key) => registry.send(path, { method, key: by });
      const { body: list } = await send('/v2/oauth_grants');
      expect(list).toMatchObject({
        data: [{ client_id: client.id, record_type: 'oauth_grant', scopes: ['read'] }],
        meta: { total_results: 1 },
      });
      const path = `/v2/oauth/grants/${list.data[0].id}`;
      expect((await send(path)).body.data.client_id).toBe(client.id);
      expect((await send(path, 'GET', user)).status).toBe(404);
      expect((await send(path, 'DELETE', user)).status).toBe(404);
      expect((await introspect(tokens.access_token as string)).body.active).toBe(true);
      expect((await send(path, 'DELETE')).status).toBe(200);
      expect((await introspect(tokens.access_token as string)).body).toEqual({ active: false });
      expect((await send(path)).status).toBe(404);
      expect((await send('/v2/oauth/grants')).body.data).toEqual([]);
    });

    it('keeps its scopes if the user allows more', async () => {
      const client = await register();
      const { apiKey: key } = await registry.createKey({ userId: 'carol' });
      await aCode(client, key, { scope: 'read' });
      await aCode(client, key, { scope: 'write' });
      const { body } = await registry.send('/v2/oauth/grants', { method: 'GET', key });
      expect(body.data).toHaveLength(1);
      expect(body.data[0].scopes).toEqual(['read', 'write']);
    });
  });
});
