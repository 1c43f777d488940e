import { ClientEntity } from '../../../src/clients/client/client.entity.js';
import { INTERNALS } from '../replies/leaks.js';
import { aClient, type Answer, type Registry } from '../registry.js';

export const ALL_FIELDS = `
  clientId name orgId userId clientType tokenEndpointAuthMethod allowedGrantTypes allowedScopes redirectUris requirePkce
  logoUri policyUri tosUri clientUri contacts jwksUri jwks softwareId softwareVersion applicationType
  initiateLoginUri postLogoutRedirectUris
  translations { member value } source status verified version createdAt updatedAt`;

export const ONE = `query ($clientId: ID!) { oauthClient(clientId: $clientId) { ${ALL_FIELDS} } }`;

export const PAGE = `query ($first: Int!, $after: String, $filter: OAuthClientFilter, $orderBy: OAuthClientOrder!) {
  oauthClients(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
    edges { cursor node { clientId name } }
    nodes { clientId name }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}`;

export const NAMES = `query ($filter: OAuthClientFilter) { oauthClients(first: 100, filter: $filter) { totalCount nodes { name } } }`;

export const STATS = `query ($filter: OAuthClientFilter) {
  oauthClientStats(filter: $filter) {
    total
    byClientType { clientType count }
    bySource { source count }
    byStatus { status count }
    byGrantType { grantType count }
    createdPerDay { date count }
  }
}`;

export interface Page {
  edges: { cursor: string; node: { clientId: string; name: string } }[];
  nodes: { clientId: string; name: string }[];
  pageInfo: {
    hasNextPage: boolean;
    hasPreviousPage: boolean;
    startCursor: string | null;
    endCursor: string | null;
  };
}

/** The data of a reply without errors. */
export async function succeed(registry: Registry, query: string, variables: object = {}) {
  const answer = await registry.graphql(query, variables);
  expect({ status: answer.status, errors: answer.body.errors }).toEqual({ status: 200, errors: undefined });
  return answer.body.data;
}

export async function page(registry: Registry, variables: object): Promise<Page> {
  const all = { orderBy: { field: 'CREATED_AT', direction: 'DESC' }, ...variables };
  return (await succeed(registry, PAGE, all)).oauthClients;
}

/** Creates a client by REST. What no interface sets, such as the time, is set in the database. */
export async function create(
  registry: Registry,
  key: string,
  overrides: object = {},
  later: Partial<ClientEntity> = {},
): Promise<string> {
  const { body, status } = await registry.createClient(aClient(overrides), key);
  expect(status).toBe(201);
  return change(registry, body.data.client_id, later);
}

export async function change(
  registry: Registry,
  clientId: string,
  later: Partial<ClientEntity>,
): Promise<string> {
  if (Object.keys(later).length > 0) {
    await registry.dataSource.getRepository(ClientEntity).update(clientId, later);
  }
  return clientId;
}

/** Checks the whole rejection: its one code, and that it contains nothing else. */
export function expectRefused(answer: Answer, status: number, code: string, invalidFields?: string[]): void {
  expect({ status: answer.status, data: answer.body?.data ?? null, errors: answer.body?.errors }).toEqual({
    status,
    data: null,
    errors: expect.arrayContaining([
      expect.objectContaining({
        message: expect.stringMatching(/\S/),
        extensions: {
          code,
          ...(invalidFields && {
            invalid_fields: Object.fromEntries(
              invalidFields.map((field) => [field, expect.arrayContaining([expect.stringMatching(/\S/)])]),
            ),
          }),
        },
      }),
    ]),
  });
  expect(answer.text).not.toMatch(INTERNALS);
}
