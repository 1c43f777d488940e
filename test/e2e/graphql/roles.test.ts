import {
  type DocumentNode,
  type FieldNode,
  getNamedType,
  isLeafType,
  isObjectType,
  Kind,
  parse,
} from 'graphql';
import { SYSTEM } from '../../../src/audit/audit-event.js';
import { ApiKeysService } from '../../../src/auth/api-keys/api-keys.service.js';
import { type Role, ROLES } from '../../../src/auth/principal/principal.js';
import * as Operation from '../../operator/operations.js';
import { TypedDocumentString } from '../../operator/operations.js';
import { TokenIssuer } from '../../support/backing-services/token-issuer.js';
import { onEachEngine } from '../../support/databases.js';
import { isoSoon, UNKNOWN_ID } from '../../support/graphql/operator.js';
import { Registry } from '../../support/registry.js';

/** The roles that may select each field of Query and of Mutation. */
const READERS: Role[] = ['viewer', 'admin'];
const ADMINS: Role[] = ['admin'];
const FIELDS: Record<string, Role[]> = {
  apiKeys: READERS,
  auditEvents: READERS,
  clientAuthentications: READERS,
  expiringSecrets: READERS,
  initialAccessTokens: READERS,
  oauthClient: READERS,
  oauthClientStats: READERS,
  oauthClients: READERS,
  oauthGrants: READERS,
  oauthResource: READERS,
  oauthResources: READERS,
  registrationsPerDay: READERS,
  signingKeys: READERS,
  tokensPerDay: READERS,
  viewer: READERS,
  recordOAuthClientUse: ['service', 'admin'],
  createApiKey: ADMINS,
  createInitialAccessToken: ADMINS,
  createOAuthClient: ADMINS,
  createResource: ADMINS,
  deleteOAuthClient: ADMINS,
  deleteOAuthClients: ADMINS,
  deleteResource: ADMINS,
  disableOAuthClient: ADMINS,
  disableOAuthClients: ADMINS,
  enableOAuthClient: ADMINS,
  enableOAuthClients: ADMINS,
  issueOAuthClientSecret: ADMINS,
  reissueRegistrationAccessToken: ADMINS,
  restoreOAuthClient: ADMINS,
  restoreOAuthClients: ADMINS,
  revokeApiKey: ADMINS,
  revokeGrant: ADMINS,
  revokeGrants: ADMINS,
  revokeInitialAccessToken: ADMINS,
  revokeOAuthClientSecret: ADMINS,
  rotateSigningKeys: ADMINS,
  setOAuthClientVerified: ADMINS,
  updateOAuthClient: ADMINS,
  updateResource: ADMINS,
};

/** Values that would do, of the variables of every operation. */
const VARIABLES: Record<string, unknown> = {
  clientId: UNKNOWN_ID,
  clientIds: [UNKNOWN_ID],
  unused: true,
  secretId: UNKNOWN_ID,
  id: UNKNOWN_ID,
  version: 1,
  verified: true,
  first: 1,
  events: 1,
  dryRun: false,
  before: isoSoon(),
  identifier: 'https://api.example',
  revokeOthers: false,
};
const filterOf = (name: string) => (name === 'ReadEvents' ? { channel: 'REST' } : { orgId: 'acme' });
const INPUTS: Record<string, unknown> = {
  CreateClient: { orgId: 'acme', name: 'n', clientType: 'PUBLIC', allowedGrantTypes: ['REFRESH_TOKEN'] },
  UpdateClient: { name: 'n' },
  CreateResource: { identifier: 'https://api.example', name: 'n' },
  UpdateResource: { name: 'n' },
  CreateKey: { name: 'n', orgId: 'acme', userId: 'u' },
  CreateToken: { name: 'n', orgId: 'acme', userId: 'u', maxRegistrations: 1, expiresAt: isoSoon() },
};

const operationOf = (document: DocumentNode) =>
  document.definitions.find((definition) => definition.kind === Kind.OPERATION_DEFINITION)!;
const fieldsOf = (document: DocumentNode) =>
  operationOf(document).selectionSet.selections.map((field) => (field as FieldNode).name.value);

/** An operation for each field, by name. */
const OPERATIONS = [
  ...Object.values(Operation as Record<string, unknown>).filter(
    (value) => value instanceof TypedDocumentString,
  ),
  'query Statistics { oauthClientStats { total } }',
]
  .map((text) => ({ text: String(text), document: parse(String(text)) }))
  .filter(({ document }) => document.definitions[0]!.kind === Kind.OPERATION_DEFINITION)
  .map(({ text, document }): [string, string, DocumentNode] => [
    operationOf(document).name!.value,
    text,
    document,
  ]);

/** What became of an operation: whether it was let through, whatever its fields answered; or how it was denied. */
type Outcome = 'allowed' | '401' | '403' | 'field denied';

onEachEngine((engine) => {
  let registry: Registry;
  let issuer: TokenIssuer;
  /** By role, or by why they have none, the credentials that are tried. */
  let callers: Record<Role | 'none', [string, string | null][]>;

  beforeAll(async () => {
    issuer = await TokenIssuer.start();
    registry = await Registry.start(engine, {
      ...issuer.env,
      AUTH_JWT_ADMIN: 'role=admin',
      AUTH_JWT_SERVICE: 'role=service',
      AUTH_JWT_VIEWER: 'role=viewer',
    });
    const revoked = await registry.createKey({ role: 'admin' });
    await registry.app.get(ApiKeysService, { strict: false }).revoke(revoked.id, SYSTEM);
    const ofRole = async (role: Role): Promise<[string, string][]> => [
      [`API key of a ${role}`, (await registry.createKey({ role })).apiKey],
      [`JWT of a ${role}`, await issuer.sign({ role })],
    ];
    callers = {
      none: [
        ['anonymous', null],
        ['revoked key', revoked.apiKey],
        ['initial access token', (await registry.createInitialAccessToken()).value],
      ],
      member: await ofRole('member'),
      viewer: await ofRole('viewer'),
      service: await ofRole('service'),
      admin: await ofRole('admin'),
    };
  });
  afterAll(async () => {
    await registry.stop();
    issuer.stop();
  });

  const rootFields = async () => {
    const schema = await registry.graphqlSchema();
    return [schema.getQueryType()!, schema.getMutationType()!].flatMap((type) =>
      Object.values(type.getFields()),
    );
  };

  it('the table has every query and mutation, and an operation for each', async () => {
    const names = (await rootFields()).map(({ name }) => name);
    expect(Object.keys(FIELDS).sort()).toEqual([...names].sort());
    expect(new Set(OPERATIONS.flatMap(([, , document]) => fieldsOf(document)))).toEqual(new Set(names));
  });

  it('the fields of a service have no client in their reply', async () => {
    const types = (await rootFields())
      .filter(({ name }) => FIELDS[name]!.includes('service'))
      .map(({ type }) => getNamedType(type));
    for (const type of types) {
      const fields = isObjectType(type) ? Object.values(type.getFields()) : [];
      expect(fields.map((field) => isLeafType(getNamedType(field.type)))).toEqual(fields.map(() => true));
    }
    expect(types.map(({ name }) => name)).toEqual(['RecordOAuthClientUsePayload']);
  });

  it.each(OPERATIONS)('%s: requires the right role, by API key and by JWT', async (name, text, document) => {
    const variables = Object.fromEntries(
      (operationOf(document).variableDefinitions ?? [])
        .map(({ variable }) => variable.name.value)
        .map((variable) => [
          variable,
          { input: INPUTS[name], filter: filterOf(name) }[variable] ?? VARIABLES[variable],
        ]),
    );
    const mayAll = ROLES.filter((role) => fieldsOf(document).every((field) => FIELDS[field]!.includes(role)));
    const expectedOf = (role: Role | 'none'): Outcome => {
      if (role === 'none') return '401';
      if (role === 'member') return '403';
      return mayAll.includes(role) ? 'allowed' : 'field denied';
    };
    const try_ = async (role: Role | 'none') => {
      const actual: Record<string, Outcome> = {};
      const expected: Record<string, Outcome> = {};
      for (const [caller, key] of callers[role]) {
        actual[caller] = await outcomeOf(text, variables, key);
        expected[caller] = expectedOf(role);
      }
      expect(actual).toEqual(expected);
    };
    const stored = async () => [await registry.rows('oauth_clients'), await registry.rows('api_keys')];
    const before = await stored();
    for (const role of ['none', ...ROLES.filter((role) => !mayAll.includes(role))] as const) await try_(role);
    // Those that are denied change nothing
    expect(await stored()).toEqual(before);
    for (const role of mayAll) await try_(role);
  });

  async function outcomeOf(text: string, variables: object, key: string | null): Promise<Outcome> {
    const { status, body } = await registry.graphql(text, variables, key);
    const codes = ((body.errors ?? []) as { extensions: { code: string } }[]).map(
      ({ extensions }) => extensions.code,
    );
    if (status === 401 || status === 403) {
      expect(codes).toEqual([status === 401 ? 'UNAUTHENTICATED' : 'FORBIDDEN']);
      expect(body.data).toBeUndefined();
      return String(status) as Outcome;
    }
    // The guard does not see invalid operations
    expect({ status, codes }).toEqual({ status: 200, codes });
    if (!codes.includes('FORBIDDEN')) return 'allowed';
    // No field of such an operation answers
    expect(Object.values((body.data ?? {}) as object).filter((value) => value !== null)).toEqual([]);
    return 'field denied';
  }

  it('a viewer reads clients, secrets and history of all organizations, and no value of a credential', async () => {
    const { apiKey: member } = await registry.createKey();
    await registry.createClient(
      {
        name: 'n',
        client_type: 'confidential',
        allowed_scopes: ['a'],
        allowed_grant_types: ['client_credentials'],
      },
      member,
    );
    const { body } = await registry.graphql(
      `{ oauthClients(first: 100) { nodes { orgId secrets { nodes { hint } } history { nodes { action } } } } apiKeys { nodes { orgId hint } } }`,
      {},
      callers.viewer[0]![1],
    );
    expect(body.errors).toBeUndefined();
    expect(body.data.oauthClients.nodes).toContainEqual({
      orgId: expect.any(String),
      secrets: { nodes: [{ hint: expect.stringMatching(/^.{4}$/) }] },
      history: { nodes: [{ action: 'CLIENT_CREATED' }] },
    });
  });

  it('a denied mutation names the required role, and the audit log has the first denial of the hour', async () => {
    const { id, apiKey } = await registry.createKey({ role: 'viewer' });
    const revoke = `mutation { revokeApiKey(id: "${id}") { apiKey { id } } }`;
    for (let i = 0; i < 2; i++) {
      const { body } = await registry.graphql(revoke, {}, apiKey);
      expect(body).toMatchObject({
        data: null,
        errors: [{ message: 'This operation requires the admin role.', extensions: { code: 'FORBIDDEN' } }],
      });
    }
    const use = 'mutation { recordOAuthClientUse(clientIds: []) { count } }';
    const { body } = await registry.graphql(use, {}, apiKey);
    expect(body.errors[0].message).toBe('This operation requires the service or admin role.');
    const query = `{ auditEvents(filter: { actorId: "${id}" }) { nodes { action channel } } }`;
    const { auditEvents } = (await registry.graphql(query)).body.data;
    expect(auditEvents.nodes).toEqual([{ action: 'ACCESS_DENIED', channel: 'GRAPHQL' }]);
  });

  it('a service reports use, and other fields of the operation are denied', async () => {
    const { body: created } = await registry.register({ redirect_uris: ['https://a.example/cb'] });
    const clientId = created.client_id as string;
    const { body } = await registry.graphql(
      `mutation { recordOAuthClientUse(clientIds: ["${clientId}"]) { count } deleteOAuthClient(clientId: "${clientId}") { client { name } } }`,
      {},
      callers.service[0]![1],
    );
    expect(body.data).toBeNull();
    expect(body.errors).toMatchObject([{ path: ['deleteOAuthClient'], extensions: { code: 'FORBIDDEN' } }]);
    const query = `{ oauthClient(clientId: "${clientId}") { deletedAt lastUsedAt } }`;
    const { oauthClient } = (await registry.graphql(query)).body.data;
    expect(oauthClient).toEqual({ deletedAt: null, lastUsedAt: expect.any(String) });
  });
});
