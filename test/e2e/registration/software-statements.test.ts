import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { generateKeyPair } from 'jose';
import { onEachEngine } from '../../support/databases.js';
import { type Answer, Registry } from '../../support/registry.js';
import { TokenIssuer } from '../../support/backing-services/token-issuer.js';

const CALLBACK = ['https://example.com/callback'];
const PUBLIC_URL = 'https://registry.example';

type Metadata = Record<string, unknown>;

const now = () => Math.floor(Date.now() / 1000);

const said = ({ status, body }: Answer) => ({
  status,
  error: body.error as string,
  fields: body.invalid_fields as unknown,
});

onEachEngine((engine) => {
  let issuer: TokenIssuer;
  let directory: string;
  let registry: Registry;

  beforeAll(async () => {
    issuer = await TokenIssuer.start();
    directory = await mkdtemp(join(tmpdir(), 'registry-jwks-'));
    registry = await Registry.start(engine, {
      PUBLIC_URL,
      SOFTWARE_STATEMENT_ISSUERS: `${issuer.url}=${issuer.url}/.well-known/jwks.json`,
      REGISTRATION_ALLOWED_SCOPES: 'read write',
    });
  });
  afterAll(async () => {
    await registry.stop();
    issuer.stop();
    await rm(directory, { recursive: true });
  });

  it('attested members take precedence, and the statement is returned as it was sent', async () => {
    const statement = await issuer.signStatement({
      client_name: 'Attested',
      software_id: '4NRB1-0XZABZI9E6-5SM3R',
      client_uri: 'https://attested.example',
      scope: 'read admin',
      'client_name#ja': '認証済み',
    });
    const { status, body } = await registry.register({
      redirect_uris: CALLBACK,
      client_name: 'Said',
      scope: 'write',
      contacts: ['ops@example.com'],
      software_statement: statement,
    });
    const read = await registry.send(`/v2/oauth/register/${body.client_id as string}`, {
      method: 'GET',
      key: body.registration_access_token as string,
    });
    const attested = {
      client_name: 'Attested',
      'client_name#ja': '認証済み',
      software_id: '4NRB1-0XZABZI9E6-5SM3R',
      client_uri: 'https://attested.example',
      // The operator's own limits hold for what is attested, too
      scope: 'read',
      contacts: ['ops@example.com'],
      redirect_uris: CALLBACK,
      software_statement: statement,
    };
    expect([status, read.status]).toEqual([201, 200]);
    expect(body).toMatchObject(attested);
    expect(read.body).toMatchObject(attested);
    expect(body).not.toHaveProperty('iss');
  });

  describe('REGISTRATION_MODE=statement and REGISTRATION_REUSE', () => {
    let required: Registry;
    beforeAll(async () => {
      required = await Registry.start(engine, {
        REGISTRATION_MODE: 'statement',
        REGISTRATION_REUSE: 'true',
        REGISTRATION_SECRET_TTL: '1h',
        SOFTWARE_STATEMENT_ISSUERS: `${issuer.url}=${issuer.url}/.well-known/jwks.json`,
      });
    });
    afterAll(() => required.stop());

    it('400: an anonymous registration without a valid statement; nothing is stored', async () => {
      const before = await required.rows('oauth_clients');
      expect(said(await required.register({ redirect_uris: CALLBACK }))).toEqual({
        status: 400,
        error: 'invalid_software_statement',
        fields: { software_statement: ['is required; send a statement of a trusted issuer'] },
      });
      expect(said(await required.register({ redirect_uris: CALLBACK, software_statement: 'x' }))).toEqual({
        status: 400,
        error: 'invalid_software_statement',
        fields: { software_statement: ['must be a signed JWT (RFC 7519)'] },
      });
      const dryRun = await required.send('/v2/oauth/register?dry_run=true', { body: {} });
      expect(said(dryRun).error).toBe('invalid_software_statement');
      expect(await required.rows('oauth_clients')).toBe(before);
    });

    it('201: with a statement, or with credentials', async () => {
      const software_statement = await issuer.signStatement({ client_name: 'Attested' });
      const { apiKey } = await required.createKey();
      const { value } = await required.createInitialAccessToken();
      for (const [body, key] of [
        [{ redirect_uris: CALLBACK, software_statement }, null],
        [{ redirect_uris: CALLBACK }, apiKey],
        [{ redirect_uris: CALLBACK }, value],
      ] as const) {
        expect((await required.register(body, key)).status).toBe(201);
      }
    });

    it('the same statement gives the same confidential client, with its secret in the first reply only', async () => {
      const software_statement = await issuer.signStatement({ software_id: 'shared', client_name: 'Shared' });
      const body = { redirect_uris: CALLBACK, software_statement };
      const answers = await Promise.all(Array.from({ length: 5 }, () => required.register(body)));
      expect(answers.map(({ status }) => status)).toEqual(Array<number>(5).fill(201));
      expect(new Set(answers.map((answer) => answer.body.client_id)).size).toBe(1);
      const withSecret = answers.filter((answer) => 'client_secret' in answer.body);
      expect(withSecret).toHaveLength(1);
      // No one could renew it
      expect(withSecret[0]!.body.client_secret_expires_at).toBe(0);
      const again = await required.register(body);
      const { client_secret, client_secret_expires_at, ...first } = withSecret[0]!.body as Metadata;
      expect(again.body).toEqual(first);
      expect(again.body).not.toHaveProperty('registration_access_token');
      // Anyone who knows the client_id can read it, and could register with the statement
      const read = await required.send(`/v2/oauth/register/${first.client_id as string}`, { method: 'GET' });
      const { software_statement: kept, ...registered } = first;
      expect([kept, read.status, read.body]).toEqual([software_statement, 200, registered]);
      const [row] = await required.dataSource.query<{ n: string | number }[]>(
        `SELECT COUNT(*) AS n FROM oauth_client_secrets WHERE client_id = '${first.client_id as string}'`,
      );
      expect(Number(row!.n)).toBe(1);
      // Another statement, or other metadata next to it, is another client
      const other = await issuer.signStatement({ software_id: 'shared', client_name: 'Shared 2' });
      const others = [
        await required.register({ ...body, software_statement: other }),
        await required.register({ ...body, redirect_uris: ['https://example.com/other'] }),
      ];
      const ids = [first, ...others.map((answer) => answer.body as Metadata)].map((each) => each.client_id);
      expect(new Set(ids).size).toBe(3);
    });
  });

  it('members that only the server sets are not taken from a statement', async () => {
    const id = '01a20080-c163-717e-a4ad-7633ebbe7df6';
    const statement = await issuer.signStatement({
      client_id: id,
      client_secret: 'x',
      registration_access_token: 'x',
      made_up: 1,
    });
    const { status, body } = await registry.register({ software_statement: statement });
    expect(status).toBe(201);
    expect([body.client_id, body.client_secret, body.registration_access_token]).not.toContain('x');
    expect(body.client_id).not.toBe(id);
    expect(body).not.toHaveProperty('made_up');
  });

  it('an attested member replaces its translations in the request', async () => {
    const statement = await issuer.signStatement({
      client_name: 'Good App',
      'logo_uri#ja': 'https://good.example/ja.png',
    });
    const { body } = await registry.register({
      software_statement: statement,
      'client_name#en': 'Evil Corp',
      logo_uri: 'https://evil.example/l.png',
      'logo_uri#de': 'https://evil.example/de.png',
      tos_uri: 'https://said.example/tos',
    });
    expect(body).toMatchObject({ client_name: 'Good App', tos_uri: 'https://said.example/tos' });
    expect(Object.keys(body as object).filter((member) => /[#]|logo/.test(member))).toEqual(['logo_uri#ja']);
  });

  it('a statement without key id may be signed with any key of the issuer', async () => {
    const other = await TokenIssuer.start();
    const path = join(directory, 'two-keys.json');
    await writeFile(path, JSON.stringify({ keys: [issuer.publicJwk, { ...other.publicJwk, kid: 'key-2' }] }));
    const registry = await Registry.start(engine, {
      SOFTWARE_STATEMENT_ISSUERS: `${issuer.url}=${path}`,
    });
    const header = { alg: 'ES256' };
    const statements = [
      await issuer.signStatement({}, undefined, header),
      await other.sign({ iss: issuer.url, aud: undefined }, undefined, header),
      await issuer.signStatement({}, (await generateKeyPair('ES256')).privateKey, header),
    ];
    const statuses = [];
    for (const statement of statements) {
      statuses.push((await registry.register({ software_statement: statement })).status);
    }
    await registry.stop();
    other.stop();
    expect(statuses).toEqual([201, 201, 400]);
  });

  it('a failed fetch of keys is not repeated for each statement', async () => {
    let asked = 0;
    const server = createServer((_, response) => {
      asked += 1;
      response.writeHead(500).end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const registry = await Registry.start(engine, {
      SOFTWARE_STATEMENT_ISSUERS: `${issuer.url}=http://127.0.0.1:${port}/jwks`,
    });
    const statement = await issuer.signStatement();
    const statuses = [];
    for (let i = 0; i < 10; i++) {
      statuses.push((await registry.register({ software_statement: statement })).status);
    }
    await registry.stop();
    server.close();
    expect({ asked, statuses }).toEqual({ asked: 1, statuses: Array(10).fill(503) });
  });

  it('keys may come from a file', async () => {
    const path = join(directory, 'jwks.json');
    await writeFile(path, JSON.stringify({ keys: [issuer.publicJwk] }));
    const offline = await Registry.start(engine, { SOFTWARE_STATEMENT_ISSUERS: `${issuer.url}=${path}` });
    const good = await offline.register({
      software_statement: await issuer.signStatement({ client_name: 'Attested' }),
    });
    const foreign = (await generateKeyPair('ES256')).privateKey;
    const bad = await offline.register({ software_statement: await issuer.signStatement({}, foreign) });
    await offline.stop();
    expect([good.status, good.body.client_name, bad.status, bad.body.error]).toEqual([
      201,
      'Attested',
      400,
      'invalid_software_statement',
    ]);
  });

  describe('400', () => {
    /** Claims as text, of this issuer. */
    const withIssuer = (json: string) =>
      json.replace('{', () => `{"iss":${JSON.stringify(issuer.url)}` + (json === '{}' ? '' : ','));
    const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url');

    it.each<[string, string, () => unknown]>([
      ['no text', 'must be a signed JWT', () => ({})],
      ['null', 'must be a signed JWT', () => null],
      ['an empty text', 'must be a signed JWT', () => ''],
      ['no JWT', 'must be a signed JWT', () => 'a.b.c'],
      ['no issuer', 'must have a string "iss"', () => issuer.signStatement({ iss: undefined })],
      [
        'a foreign key',
        'invalid signature',
        async () => issuer.signStatement({}, (await generateKeyPair('ES256')).privateKey),
      ],
      [
        'an unknown key',
        'invalid signature',
        () => issuer.signStatement({ iat: 1 }, undefined, { alg: 'ES256', kid: 'key-2' }),
      ],
      [
        'no signature',
        'invalid signature',
        () => `${encode({ alg: 'none' })}.${encode({ iss: issuer.url })}.`,
      ],
      [
        'the public key as a shared secret',
        'invalid signature',
        () =>
          issuer.signStatement({}, new TextEncoder().encode(JSON.stringify(issuer.publicJwk)), {
            alg: 'HS256',
            kid: 'key-1',
          }),
      ],
      [
        'other claims than were signed',
        'invalid signature',
        async () =>
          (await issuer.signStatement()).replace(/\.[^.]+\./, `.${encode({ iss: issuer.url, scope: 'a' })}.`),
      ],
      ['an expiry that has passed', 'is expired', () => issuer.signStatement({ exp: now() - 3600 })],
      ['an expiry within the tolerance for clocks', 'is expired', () => issuer.signStatement({ exp: now() })],
      [
        'the type of an access token (RFC 9068)',
        'must have the "typ" JWT',
        () =>
          issuer.signStatement({ scope: 'admin' }, undefined, { alg: 'ES256', kid: 'key-1', typ: 'at+jwt' }),
      ],
      ['spaces behind it', 'must be a signed JWT', async () => `${await issuer.signStatement()} `],
      ['a time to come', 'not valid yet', () => issuer.signStatement({ nbf: now() + 3600 })],
      ['a header that is cut off', 'must be a signed JWT', () => 'eyJhbGc.eyJpc3MiOiJ4In0.AA'],
      ['a header that is not an object', 'must be a signed JWT', () => issuer.signText('[]', '{"iss":"x"}')],
      [
        'claims that are not an object',
        'must be a signed JWT',
        () => issuer.signText('{"alg":"ES256"}', '[]'),
      ],
      [
        'a type that is not text',
        'must have the "typ" JWT',
        () => issuer.signText('{"alg":"ES256","kid":"key-1","typ":{"toString":1}}', withIssuer('{}')),
      ],
      [
        'an issuer that is not text',
        'must have a string "iss"',
        () => issuer.signStatement({ iss: [issuer.url] }),
      ],
      [
        'an audience that is an object',
        'an array of strings as "aud"',
        () => issuer.signStatement({ aud: { a: 1 } }),
      ],
      ['an audience that is null', 'an array of strings as "aud"', () => issuer.signStatement({ aud: null })],
      [
        'a claim twice',
        'must be a signed JWT',
        () =>
          issuer.signText('{"alg":"ES256","kid":"key-1"}', withIssuer('{"scope":"read","scope":"write"}')),
      ],
      [
        'a claim twice, deep inside',
        'must be a signed JWT',
        () =>
          issuer.signText(
            '{"alg":"ES256","kid":"key-1"}',
            withIssuer('{"jwks":{"keys":[{"kty":"RSA","kty":"EC"}]}}'),
          ),
      ],
      [
        'a header member twice',
        'must be a signed JWT',
        () => issuer.signText('{"alg":"ES256","kid":"key-1","kid":"key-1"}', withIssuer('{}')),
      ],
      [
        'a header that is nested too deep',
        'must be a signed JWT',
        () =>
          issuer.signText(
            `{"alg":"ES256","kid":"key-1","x":${'['.repeat(33)}${']'.repeat(33)}}`,
            withIssuer('{}'),
          ),
      ],
      [
        'a claim __proto__',
        'must be a signed JWT',
        () => issuer.signText('{"alg":"ES256","kid":"key-1"}', withIssuer('{"__proto__":{"scope":"write"}}')),
      ],
      [
        'an audience that is not text',
        'an array of strings as "aud"',
        () => issuer.signStatement({ aud: [1] }),
      ],
      [
        'an unknown extension (RFC 7515 §4.1.11)',
        'invalid signature',
        () => issuer.signText('{"alg":"ES256","kid":"key-1","crit":["x"],"x":1}', withIssuer('{}')),
      ],
      ['an expiry that is not a number', 'is expired', () => issuer.signStatement({ exp: 'tomorrow' })],
      [
        'claims that are nested too deep',
        'must be a signed JWT',
        () =>
          issuer.signText(
            '{"alg":"ES256","kid":"key-1"}',
            withIssuer(`{"jwks":{"keys":[{"kty":"RSA","x":${'['.repeat(9_000)}${']'.repeat(9_000)}}]}}`),
          ),
      ],
    ])('invalid_software_statement: %s', async (_, says, statement) => {
      const before = await registry.rows('oauth_clients');
      const answer = await registry.register({ software_statement: await statement(), client_name: '' });
      expect(said(answer)).toEqual({
        status: 400,
        error: 'invalid_software_statement',
        // All that is wrong is named at once
        fields: { software_statement: [expect.stringContaining(says)], client_name: [expect.any(String)] },
      });
      expect(await registry.rows('oauth_clients')).toBe(before);
    });

    it.each<[string, string, Metadata]>([
      ['of another process', 'must be signed by a trusted issuer', { iss: 'https://other.example' }],
      ['for another server', 'must contain the PUBLIC_URL', { aud: 'https://other.example' }],
      ['for no audience', 'must contain the PUBLIC_URL', { aud: [] }],
    ])('unapproved_software_statement: one %s', async (_, says, claims) => {
      const answer = await registry.register({ software_statement: await issuer.signStatement(claims) });
      expect(said(answer)).toEqual({
        status: 400,
        error: 'unapproved_software_statement',
        fields: { software_statement: [expect.stringContaining(says)] },
      });
    });

    it('validates attested metadata like requested metadata', async () => {
      const statement = await issuer.signStatement({
        redirect_uris: ['javascript:alert(1)'],
        contacts: 'me',
      });
      const answer = await registry.register({ software_statement: statement, redirect_uris: CALLBACK });
      expect(said(answer)).toEqual({
        status: 400,
        error: 'invalid_redirect_uri',
        fields: { redirect_uris: [expect.any(String)], contacts: [expect.any(String)] },
      });
    });
  });

  it.each([PUBLIC_URL, `${PUBLIC_URL}/`, ['https://other.example', PUBLIC_URL]])(
    'one for %j is for this server',
    async (aud) => {
      expect(
        (await registry.register({ software_statement: await issuer.signStatement({ aud }) })).status,
      ).toBe(201);
    },
  );

  it.each<[string, Record<string, string>, { status: number; taken: boolean }]>([
    ['lenient', {}, { status: 201, taken: true }],
    ['registered', { SOFTWARE_STATEMENT_ISSUERS: '' }, { status: 201, taken: false }],
    ['lenient', { SOFTWARE_STATEMENT_ISSUERS: '' }, { status: 201, taken: false }],
    ['strict', {}, { status: 400, taken: false }],
  ])('the profile %s with %j: %j', async (profile, env, expected) => {
    const registry = await Registry.start(engine, {
      REGISTRATION_METADATA: profile,
      SOFTWARE_STATEMENT_ISSUERS: `${issuer.url}=${issuer.url}/.well-known/jwks.json`,
      ...env,
    });
    const { status, body } = await registry.register({
      software_statement: await issuer.signStatement({ client_name: 'Attested' }),
    });
    await registry.stop();
    expect({ status, taken: 'software_statement' in body && body.client_name === 'Attested' }).toEqual(
      expected,
    );
  });

  it('503 if the keys cannot be fetched; 403 if registration is closed', async () => {
    const gone = await TokenIssuer.start();
    const env = { SOFTWARE_STATEMENT_ISSUERS: `${gone.url}=${gone.url}/.well-known/jwks.json` };
    const statement = await gone.sign({ aud: undefined });
    gone.stop();
    const statuses = [];
    for (const mode of ['open', 'token', 'closed']) {
      const registry = await Registry.start(engine, { ...env, REGISTRATION_MODE: mode });
      statuses.push((await registry.register({ software_statement: statement })).status);
      await registry.stop();
    }
    expect(statuses).toEqual([503, 401, 403]);
  });

  it('a dry run validates it too', async () => {
    const run = async (software_statement: unknown) =>
      registry.send('/v2/oauth/register?dry_run=true', { body: { software_statement } });
    const good = await run(await issuer.signStatement({ client_name: 'Attested' }));
    const bad = await run('x');
    expect([good.status, good.body.client_name, bad.status]).toEqual([200, 'Attested', 400]);
  });
});
