import fc from 'fast-check';
import { onEachEngine } from '../../support/databases.js';
import { aClient, Registry } from '../../support/registry.js';

/** What a client ought to be, by all that was done to it. */
interface Model {
  id: string;
  name: string | null;
  type: 'public' | 'confidential';
  scopes: string[];
  redirectUris: string[];
  grantTypes: string[];
  requirePkce: boolean;
  logoUri: string | null;
  /** Valid ones. */
  secrets: number;
  /** Null if it did not register itself. */
  token: string | null;
}

const aName = fc.constantFrom('a', 'B', 'Ünïcode 名前', 'x'.repeat(255));
const scopes = fc.uniqueArray(fc.constantFrom('read', 'write', 'admin'));
const redirectUris = fc.uniqueArray(
  fc.constantFrom('https://example.com/cb', 'http://localhost:1/cb', 'cursor://cb'),
);
const logoUri = fc.constantFrom('https://example.com/l.png', null);
const authMethod = fc.constantFrom('none', 'client_secret_basic');
const which = fc.nat({ max: 5 });

const operation = fc.oneof(
  fc.record({
    do: fc.constant('create' as const),
    name: aName,
    scopes,
    type: fc.constantFrom('public', 'confidential'),
  }),
  fc.record({ do: fc.constant('register' as const), name: fc.option(aName), redirectUris, authMethod }),
  fc.record({
    do: fc.constant('update' as const),
    which,
    change: fc.record(
      {
        name: aName,
        allowed_scopes: scopes,
        redirect_uris: redirectUris,
        require_pkce: fc.boolean(),
        logo_uri: logoUri,
      },
      { requiredKeys: [] },
    ),
  }),
  fc.record({ do: fc.constant('replace' as const), which, name: fc.option(aName), redirectUris, authMethod }),
  fc.record({ do: fc.constant('issue' as const), which }),
  fc.record({ do: fc.constant('revoke' as const), which, force: fc.boolean() }),
  fc.record({ do: fc.constant('delete' as const), which, byItself: fc.boolean() }),
);
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

onEachEngine((engine) => {
  let registry: Registry;
  beforeAll(async () => {
    registry = await Registry.start(engine);
  });
  afterAll(() => registry.stop());

  it('after random changes through REST and GraphQL, all interfaces agree with a model', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 1, maxLength: 12 }), async (operations) => {
        const { apiKey, orgId } = await registry.createKey();
        const models: Model[] = [];
        for (const each of operations) await perform(each, models, apiKey);
        await compare(models, apiKey, orgId);
      }),
      { numRuns: Number(process.env.PROPERTY_RUNS ?? 40) },
    );
  });

  async function perform(operation: Operation, models: Model[], key: string): Promise<void> {
    if (operation.do === 'create') {
      const { name, scopes, type } = operation;
      const { status, body } = await registry.createClient(
        aClient({ name, allowed_scopes: scopes, client_type: type }),
        key,
      );
      expect(status).toBe(201);
      const model = {
        ...emptyModel(body.data.client_id as string),
        name,
        scopes,
        type: type,
      };
      models.push({ ...model, secrets: type === 'public' ? 0 : 1, grantTypes: ['client_credentials'] });
      return;
    }
    if (operation.do === 'register') {
      const { status, body } = await registry.register(registrationOf(operation), key);
      expect(status).toBe(201);
      models.push({
        ...registered(emptyModel(body.client_id as string), operation),
        token: body.registration_access_token as string,
      });
      return;
    }
    const at = operation.which % Math.max(1, models.length);
    const model = models[at];
    if (!model) return;
    const path = `/v2/oauth/clients/${model.id}`;
    const registrationPath = `/v2/oauth/register/${model.id}`;
    switch (operation.do) {
      case 'update': {
        const { change } = operation;
        const { status } = await registry.send(path, { method: 'PUT', key, body: change });
        const after: Model = {
          ...model,
          ...('name' in change && { name: change.name! }),
          ...('allowed_scopes' in change && { scopes: change.allowed_scopes! }),
          ...('redirect_uris' in change && { redirectUris: change.redirect_uris! }),
          ...('require_pkce' in change && { requirePkce: change.require_pkce! }),
          ...('logo_uri' in change && { logoUri: change.logo_uri! }),
        };
        const losesItsRedirects =
          model.redirectUris.length > 0 &&
          after.redirectUris.length === 0 &&
          after.grantTypes.includes('authorization_code');
        expect(status).toBe(losesItsRedirects ? 422 : 200);
        if (!losesItsRedirects) models[at] = after;
        return;
      }
      case 'replace': {
        const body = { client_id: model.id, ...registrationOf(operation) };
        const answer = await registry.send(registrationPath, {
          method: 'PUT',
          key: model.token ?? key,
          body,
        });
        expect(answer.status).toBe(model.token === null ? 401 : 200);
        if (model.token === null) return;
        const after = registered(model, operation);
        const secrets = after.type === model.type ? model.secrets : after.secrets;
        models[at] = { ...after, secrets, token: answer.body.registration_access_token as string };
        return;
      }
      case 'issue': {
        const { status } = await registry.send(`${path}/secrets`, { key, body: {} });
        const isAllowed = model.type === 'confidential' && model.secrets < 10;
        expect(status).toBe(isAllowed ? 201 : 422);
        if (isAllowed) model.secrets++;
        return;
      }
      case 'revoke': {
        const listed = await registry.send(`${path}/secrets`, { method: 'GET', key });
        const [secret] = listed.body.data as { id: string }[];
        if (!secret) return;
        const { status } = await registry.send(`${path}/secrets/${secret.id}?force=${operation.force}`, {
          method: 'DELETE',
          key,
        });
        const isAllowed = operation.force || model.secrets > 1;
        expect(status).toBe(isAllowed ? 204 : 422);
        if (isAllowed) model.secrets--;
        return;
      }
      case 'delete': {
        const byItself = operation.byItself && model.token !== null;
        const { status } = byItself
          ? await registry.send(registrationPath, { method: 'DELETE', key: model.token })
          : await registry.send(path, { method: 'DELETE', key });
        expect(status).toBe(204);
        models.splice(at, 1);
      }
    }
  }

  /** Reads everything back through every interface. */
  async function compare(models: Model[], key: string, orgId: string): Promise<void> {
    const newestFirst = models
      .map(({ id }) => id)
      .sort()
      .reverse();
    const listed = await registry.send('/v2/oauth/clients?page[size]=100', { method: 'GET', key });
    expect((listed.body.data as { client_id: string }[]).map(({ client_id }) => client_id)).toEqual(
      newestFirst,
    );
    const seen = await registry.graphql(
      `query($orgId: String!) { oauthClients(first: 100, filter: { orgId: $orgId }) {
         nodes { clientId name clientType allowedScopes redirectUris requirePkce logoUri } } }`,
      { orgId },
    );
    const nodes = seen.body.data.oauthClients.nodes as { clientId: string }[];
    expect(nodes.map(({ clientId }) => clientId).sort()).toEqual([...newestFirst].sort());
    for (const model of models) {
      const name = model.name ?? model.id;
      const one = await registry.send(`/v2/oauth/clients/${model.id}`, { method: 'GET', key });
      expect(one.body.data).toMatchObject({
        name,
        client_type: model.type,
        allowed_scopes: model.scopes,
        redirect_uris: model.redirectUris,
        allowed_grant_types: model.grantTypes,
        require_pkce: model.requirePkce,
        logo_uri: model.logoUri,
        client_secret: null,
      });
      expect(nodes.find(({ clientId }) => clientId === model.id)).toEqual({
        clientId: model.id,
        name,
        clientType: model.type.toUpperCase(),
        allowedScopes: model.scopes,
        redirectUris: model.redirectUris,
        requirePkce: model.requirePkce,
        logoUri: model.logoUri,
      });
      const secrets = await registry.send(`/v2/oauth/clients/${model.id}/secrets`, { method: 'GET', key });
      expect(secrets.body.data).toHaveLength(model.secrets);
      if (model.token === null) continue;
      const own = await registry.send(`/v2/oauth/register/${model.id}`, { method: 'GET', key: model.token });
      expect(own.body).toMatchObject({
        client_id: model.id,
        redirect_uris: model.redirectUris,
        grant_types: model.grantTypes,
      });
      expect(own.body.client_name).toBe(model.name ?? undefined);
    }
  }
});

const emptyModel = (id: string): Model => ({
  id,
  name: null,
  type: 'confidential',
  scopes: [],
  redirectUris: [],
  grantTypes: [],
  requirePkce: false,
  logoUri: null,
  secrets: 0,
  token: null,
});

interface Registration {
  name: string | null;
  redirectUris: string[];
  authMethod: string;
}

/** No grant is named, so that no redirect URI is needed (D1, D2). */
const registrationOf = ({ name, redirectUris, authMethod }: Registration) => ({
  ...(name !== null && { client_name: name }),
  redirect_uris: redirectUris,
  token_endpoint_auth_method: authMethod,
});

/** What a registration, or its replacement, makes of a client: everything that it does not name is reset, but for PKCE. */
function registered(model: Model, { name, redirectUris, authMethod }: Registration): Model {
  const isPublic = authMethod === 'none';
  return {
    ...emptyModel(model.id),
    name,
    redirectUris,
    type: isPublic ? 'public' : 'confidential',
    grantTypes: ['authorization_code'],
    requirePkce: model.requirePkce || isPublic,
    secrets: isPublic ? 0 : 1,
  };
}
