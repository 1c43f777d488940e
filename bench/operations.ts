import { prepareAuthentication, withAssertion, withSecret } from './authentication.js';
import type { LoadRequest } from './load.js';
import { AS_ADMIN, CLIENT, FORM_BODY, JSON_BODY, REGISTRATION } from './requests.js';
import type { Server, ServerName } from './server.js';
import {
  prepareClientCredentials,
  prepareCodes,
  preparedRequests,
  prepareIntrospection,
  prepareRefreshTokens,
} from './tokens.js';

/** One kind of request to one kind of server, and what it must be answered with. */
export interface Contestant {
  /** What the tables call it. */
  label: string;
  server: ServerName;
  /** Makes what the requests of a run need. */
  prepare?: (server: Server, seconds: number) => Promise<void>;
  /** Each request is sent once, rather than all in turn on each connection. */
  isOnce?: true;
  /** Sent in turn. */
  requests: (server: Server) => LoadRequest[];
  headers: Record<string, string>;
  expectedStatus: number;
  /** The member of the reply that holds the identifier of a client, or a token … */
  idMember: string;
  /** … and how many of them there must be: a page without clients would be quick. */
  expectedClients: number;
}

/** Reads come first: they find as many clients on each server, and writes make as many as they can. */
export const OPERATION_NAMES = [
  'get',
  'list',
  'authenticate',
  'introspect',
  'create',
  'register',
  'client credentials',
  'code exchange',
  'refresh',
] as const;
export type OperationName = (typeof OPERATION_NAMES)[number];

export const PAGE_SIZE = 50;
/** Number of clients that are read in turn. */
const IDS_READ = 500;

/** What the REST interface returns of each client, and the total in each page. */
const PAGE_QUERY = `{
  oauthClients(first: ${PAGE_SIZE}) {
    totalCount
    pageInfo { hasNextPage endCursor }
    nodes {
      clientId name orgId userId allowedScopes clientType requirePkce allowedGrantTypes redirectUris logoUri tosUri
      policyUri createdAt updatedAt
    }
  }
}`;

export const registry = { label: 'registry', server: 'registry', idMember: 'client_id' } as const;
const provider = {
  label: 'node-oidc-provider',
  server: 'node-oidc-provider',
  idMember: 'client_id',
} as const;
const bare = { label: 'bare', server: 'bare', idMember: 'id' } as const;

const makes = (path: string, body: object, headers: object = {}) =>
  ({
    requests: (): LoadRequest[] => [{ method: 'POST', path, body: JSON.stringify(body) }],
    headers: { ...JSON_BODY, ...headers },
    expectedStatus: 201,
    expectedClients: 1,
  }) as const;

const readsOne = (path: string, headers = {}) =>
  ({
    requests: ({ ids }: Server): LoadRequest[] =>
      ids.slice(0, IDS_READ).map((id) => ({ method: 'GET', path: `${path}/${id}` })),
    headers,
    expectedStatus: 200,
    expectedClients: 1,
  }) as const;

const readsPage = (path: string, headers = {}) =>
  ({
    requests: (): LoadRequest[] => [{ method: 'GET', path }],
    headers,
    expectedStatus: 200,
    expectedClients: PAGE_SIZE,
  }) as const;

const authenticates = {
  prepare: prepareAuthentication,
  headers: { ...JSON_BODY, ...AS_ADMIN },
  expectedStatus: 200,
  expectedClients: 1,
} as const;

/** The same requests to both authorization servers, which find or store the same. */
const onBoth = (operation: OperationName, prepare: Contestant['prepare'], isOnce?: true): Contestant[] =>
  [registry, provider].map((contestant) => ({
    ...contestant,
    prepare,
    isOnce,
    requests: preparedRequests(operation),
    headers: FORM_BODY,
    expectedStatus: 200,
    idMember: operation === 'introspect' ? 'client_id' : 'access_token',
    expectedClients: 1,
  }));

/** Which servers are compared. */
export const CONTESTANTS: Record<OperationName, Contestant[]> = {
  get: [
    { ...registry, ...readsOne('/v2/oauth/clients', AS_ADMIN) },
    { ...bare, ...readsOne('/clients') },
  ],
  list: [
    { ...registry, ...readsPage(`/v2/oauth/clients?page%5Bsize%5D=${PAGE_SIZE}`, AS_ADMIN) },
    {
      ...registry,
      ...makes('/graphql', { query: PAGE_QUERY }, AS_ADMIN),
      label: 'registry, GraphQL',
      idMember: 'clientId',
      expectedStatus: 200,
      expectedClients: PAGE_SIZE,
    },
    { ...bare, ...readsPage(`/clients?size=${PAGE_SIZE}`) },
  ],
  authenticate: [
    { ...registry, ...authenticates, label: 'registry, secret', requests: withSecret },
    {
      ...registry,
      ...authenticates,
      label: 'registry, ES256 assertion',
      requests: withAssertion,
      isOnce: true,
    },
    { ...registry, ...readsOne('/v2/oauth/clients', AS_ADMIN), label: 'registry, get' },
  ],
  introspect: onBoth('introspect', prepareIntrospection),
  create: [
    { ...registry, ...makes('/v2/oauth/clients', CLIENT, AS_ADMIN) },
    { ...bare, ...makes('/clients', CLIENT) },
  ],
  register: [
    { ...registry, ...makes('/v2/oauth/register', REGISTRATION) },
    { ...provider, ...makes('/reg', REGISTRATION) },
    { ...bare, ...makes('/clients', { name: REGISTRATION.client_name, ...REGISTRATION }) },
  ],
  'client credentials': onBoth('client credentials', prepareClientCredentials),
  'code exchange': onBoth('code exchange', prepareCodes, true),
  refresh: onBoth('refresh', prepareRefreshTokens, true),
};

/** How each server comes to the clients that it has before anything is measured. */
export const SEEDING: Record<ServerName, Contestant> = {
  registry: { ...registry, ...makes('/v2/oauth/clients', CLIENT, AS_ADMIN) },
  'node-oidc-provider': { ...provider, ...makes('/reg', REGISTRATION) },
  bare: { ...bare, ...makes('/clients', CLIENT) },
};
