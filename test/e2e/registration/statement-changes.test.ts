import { TokenIssuer } from '../../support/backing-services/token-issuer.js';
import { onEachEngine } from '../../support/databases.js';
import { type Answer, Registry } from '../../support/registry.js';

const CALLBACK = ['https://example.com/callback'];

type Metadata = Record<string, unknown>;

const now = () => Math.floor(Date.now() / 1000);

const said = ({ status, body }: Answer) => ({
  status,
  error: body.error as string,
  fields: body.invalid_fields as unknown,
});

onEachEngine((engine) => {
  let issuer: TokenIssuer;
  let registry: Registry;
  beforeAll(async () => {
    issuer = await TokenIssuer.start();
    registry = await Registry.start(engine, {
      SOFTWARE_STATEMENT_ISSUERS: `${issuer.url}=${issuer.url}/.well-known/jwks.json`,
      REGISTRATION_ALLOWED_SCOPES: 'read write',
    });
  });
  afterAll(async () => {
    await registry.stop();
    issuer.stop();
  });

  const register = async (claims: Metadata, key: string | null = null) => {
    const statement = await issuer.signStatement(claims);
    const metadata = { redirect_uris: CALLBACK, software_statement: statement };
    const { body } = await registry.register(metadata, key);
    return { statement, body: body as Metadata & { client_id: string; registration_access_token: string } };
  };
  /** The reply to a change by an admin through REST. */
  const change = async (id: string, changes: Metadata) =>
    said(
      await registry.send(`/v2/oauth/clients/${id}`, {
        method: 'PUT',
        key: registry.adminKey,
        body: changes,
      }),
    );
  const manage = (client: { client_id: string; registration_access_token: string }, body?: Metadata) =>
    registry.send(`/v2/oauth/register/${client.client_id}`, {
      method: body ? 'PUT' : 'GET',
      key: client.registration_access_token,
      body,
    });

  it('a read registration can be written back unchanged', async () => {
    const { body } = await register({ client_name: 'Attested', exp: now() + 60 });
    const read = (await manage(body)).body as Metadata;
    const { status, body: written } = await manage(body, { ...read, client_name: 'Said' });
    expect({ status, body: written }).toEqual({
      status: 200,
      body: { ...read, registration_access_token: expect.any(String) },
    });
  });

  it('PUT keeps the statement, accepts another one, and rejects an invalid one', async () => {
    const { body, statement } = await register({ client_name: 'First' });
    const rest = { client_id: body.client_id, redirect_uris: CALLBACK };
    const bad = await manage(body, { ...rest, software_statement: 'x' });
    const kept = await manage(body, { ...rest, client_name: 'Said', 'client_name#en': 'Said' });
    const second = await issuer.signStatement({ client_name: 'Second' });
    const changed = await manage(kept.body as never, { ...rest, software_statement: second });
    expect([bad.status, bad.body.error]).toEqual([400, 'invalid_software_statement']);
    expect(kept.body).toMatchObject({ client_name: 'First', software_statement: statement });
    expect(kept.body).not.toHaveProperty('client_name#en');
    expect(changed.body).toMatchObject({ client_name: 'Second', software_statement: second });
  });

  describe.each(['strict', 'registered', 'lenient'])('with the metadata profile %s', (profile) => {
    it.each([
      ['an issuer is trusted', true],
      ['no issuer is trusted', false],
    ])('PUT does not drop the statement while %s', async (_, isTrusted) => {
      const claims = { client_name: 'Vendor App', redirect_uris: CALLBACK, scope: 'read' };
      const { body, statement } = await register(claims);
      const later = await Registry.start(engine, {
        DATABASE_URL: registry.databaseUrl,
        REGISTRATION_METADATA: profile,
        SOFTWARE_STATEMENT_ISSUERS: isTrusted ? `${issuer.url}=${issuer.url}/.well-known/jwks.json` : '',
      });
      const put = async (key: string, members: Metadata) =>
        later.send(`/v2/oauth/register/${body.client_id}`, {
          method: 'PUT',
          key,
          body: {
            client_id: body.client_id,
            client_name: 'Evil Bank',
            redirect_uris: ['https://evil.example/cb'],
            scope: 'admin',
            ...members,
          },
        });
      const untrusted = await issuer.signStatement({ iss: 'https://other.example' });
      const replies = [];
      for (const sent of [null, '', 'x', 'x.y.z', [], {}, 0, false, untrusted]) {
        const answer = await put(body.registration_access_token, { software_statement: sent });
        const { status, fields } = said(answer);
        replies.push({ sent, status, fields: Object.keys(fields ?? {}) });
      }
      const { body: kept } = await put(body.registration_access_token, {});
      const { body: repeated } = await put(kept.registration_access_token, { software_statement: statement });
      await later.stop();
      expect(replies).toEqual(
        replies.map(({ sent }) => ({ sent, status: 400, fields: ['software_statement'] })),
      );
      expect(kept).toMatchObject({ ...claims, software_statement: statement });
      expect(repeated).toMatchObject({ ...claims, software_statement: statement });
    });
  });

  it('a rejected PUT says what to send while no issuer is trusted', async () => {
    const { body } = await register({ client_name: 'Attested' });
    const later = await Registry.start(engine, { DATABASE_URL: registry.databaseUrl });
    const answer = await later.send(`/v2/oauth/register/${body.client_id}`, {
      method: 'PUT',
      key: body.registration_access_token,
      body: { client_id: body.client_id, redirect_uris: CALLBACK, software_statement: null },
    });
    await later.stop();
    expect(said(answer)).toEqual({
      status: 400,
      error: 'invalid_software_statement',
      fields: {
        software_statement: [
          'must be omitted, the statement of the client, or a new one of a trusted issuer',
        ],
      },
    });
  });

  it('a caller without credentials gets no verification of a statement', async () => {
    const { body } = await register({});
    const answer = await manage(
      { ...body, registration_access_token: 'wrong' },
      { client_id: body.client_id, software_statement: 'x' },
    );
    expect(said(answer)).toEqual({ status: 401, error: 'invalid_token', fields: undefined });
  });

  it('no other interface changes attested fields, except to remove and restore entries of lists', async () => {
    const { body } = await register(
      { client_name: 'Attested', scope: 'read write admin', require_pkce: true },
      registry.adminKey,
    );
    const put = (changes: Metadata) => change(body.client_id, changes);
    const fault = ['cannot be changed; the software statement of the client contains it'];
    const good = { status: 200, error: undefined, fields: undefined };
    expect(await put({ name: 'Other', allowed_scopes: ['list'], require_pkce: false })).toEqual({
      status: 422,
      error: 'validation_error',
      fields: { name: fault, allowed_scopes: fault },
    });
    // No profile reads require_pkce, so no statement attests it
    expect(
      await put({ name: 'Attested', require_pkce: true, logo_uri: 'https://example.com/l.png' }),
    ).toEqual(good);
    expect(await put({ allowed_scopes: ['write'] })).toEqual(good);
    expect(await put({ allowed_scopes: ['admin', 'read'] })).toEqual(good);
    expect(await put({ allowed_scopes: [] })).toEqual({
      status: 422,
      error: 'validation_error',
      fields: { allowed_scopes: fault },
    });
  });

  it.each([
    ['names a claim twice', (claims: string) => claims.replace('{', '{"client_name":"Other",')],
    [
      'is nested too deep',
      (claims: string) => claims.replace('{', `{"x":${'['.repeat(40)}${']'.repeat(40)},`),
    ],
    ['is not JSON', (claims: string) => claims.slice(1)],
  ])('a client is protected whose stored statement %s: it may say anything', async (_, spoil) => {
    const { body, statement } = await register(
      { client_name: 'Attested', scope: 'read write' },
      registry.adminKey,
    );
    const [header, claims, signature] = statement.split('.') as [string, string, string];
    const spoilt = Buffer.from(spoil(Buffer.from(claims, 'base64url').toString())).toString('base64url');
    const where = `WHERE id = '${body.client_id}'`;
    // Taken by an older release, which read it less strictly
    const [{ metadata }] = await registry.dataSource.query(`SELECT metadata FROM oauth_clients ${where}`);
    const stored = typeof metadata === 'string' ? (JSON.parse(metadata) as Metadata) : metadata;
    const planted = JSON.stringify({ ...stored, softwareStatement: [header, spoilt, signature].join('.') });
    await registry.dataSource.query(`UPDATE oauth_clients SET metadata = '${planted}' ${where}`);
    const put = (changes: Metadata) => change(body.client_id, changes);
    const fault = ['cannot be changed; the stored software statement cannot be verified and may contain it'];
    expect(await put({ name: 'Other', allowed_scopes: ['write'], require_pkce: true })).toEqual({
      status: 422,
      error: 'validation_error',
      fields: { name: fault, allowed_scopes: fault },
    });
    expect(await put({ name: 'Attested', require_pkce: true })).toMatchObject({ status: 200 });
  });
});
