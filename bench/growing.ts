import { LARGE_ORG, LARGE_ORG_SHARE } from './fill.js';
import type { LoadRequest } from './load.js';
import { type Contestant, PAGE_SIZE, registry } from './operations.js';
import { AS_ADMIN, CLIENT, JSON_BODY, REGISTRATION } from './requests.js';
import type { Server } from './server.js';

/** A request that is to take as long with many clients as with few. */
export interface Growing {
  label: string;
  headers: Record<string, string>;
  expectedStatus: number;
  /** @param size how many clients the registry has */
  requests: (server: Server, size: number) => LoadRequest[];
  /** Fewer than usual, where a single request keeps the database busy: it reads all that there is. */
  connections?: number;
  /** What another caller asks for meanwhile, again and again. */
  beside?: Omit<Growing, 'label'>;
  /** Whether it is part of the load under which memory is watched. */
  isSoaked?: true;
}

const CLIENTS = '/v2/oauth/clients';
const page = (number: number) => `${CLIENTS}?page%5Bsize%5D=${PAGE_SIZE}&page%5Bnumber%5D=${number}`;

const reads = (path: (size: number) => string) => ({
  headers: AS_ADMIN,
  expectedStatus: 200,
  requests: (_server: Server, size: number): LoadRequest[] => [{ method: 'GET', path: path(size) }],
});

const asks = (query: (server: Server) => string) => ({
  headers: { ...JSON_BODY, ...AS_ADMIN },
  expectedStatus: 200,
  requests: (server: Server): LoadRequest[] => [
    { method: 'POST', path: '/graphql', body: JSON.stringify({ query: query(server) }) },
  ],
});

const makes = (path: string, body: object) => ({
  headers: { ...JSON_BODY, ...AS_ADMIN },
  expectedStatus: 201,
  requests: (): LoadRequest[] => [{ method: 'POST', path, body: JSON.stringify(body) }],
});

const FIELDS = 'clientId name orgId allowedScopes clientType allowedGrantTypes redirectUris createdAt';
const first = (count: number, filter: string, more = '') =>
  `{ oauthClients(first: ${count}${filter && `, filter: {${filter}}`}) { ${more} nodes { ${FIELDS} } pageInfo { endCursor } } }`;

/** Clients of the large organization, whose ids the requests take. */
export const SEEDING_PAGE = (number: number): Contestant => ({
  ...registry,
  ...reads(() => page(number)),
  requests: () => [{ method: 'GET', path: page(number) }],
  // The smallest database may have no more
  expectedClients: PAGE_SIZE,
});

const GET = {
  headers: AS_ADMIN,
  expectedStatus: 200,
  requests: ({ ids }: Server): LoadRequest[] =>
    ids.map((id) => ({ method: 'GET', path: `${CLIENTS}/${id}` })),
};

/** Writes come last: they add to the smallest registry more than it had. */
export const GROWING: readonly Growing[] = [
  { label: 'get a client', ...GET, isSoaked: true },
  { label: 'list, first page of 50', ...reads(() => page(1)), isSoaked: true },
  {
    label: 'list, the page in the middle, one caller',
    connections: 1,
    ...reads((size) => page(Math.ceil((size * LARGE_ORG_SHARE) / PAGE_SIZE / 2))),
  },
  { label: 'list, by name', ...reads(() => `${CLIENTS}?filter%5Bname%5D=Client%20740`) },
  { label: 'GraphQL, page of 50', ...asks(() => first(PAGE_SIZE, '')), isSoaked: true },
  {
    label: 'GraphQL, page of 50 of an organization, with the total',
    ...asks(() => first(PAGE_SIZE, `orgId: "${LARGE_ORG}"`, 'totalCount')),
  },
  {
    label: 'GraphQL, a client with secrets and history',
    ...asks(
      ({ ids }) =>
        `{ oauthClient(clientId: "${ids[0]}") { ${FIELDS} secrets { nodes { hint } } history { nodes { action at } } } }`,
    ),
  },
  {
    label: 'GraphQL, part of a name, one caller',
    connections: 1,
    ...asks(() => first(20, 'nameContains: "ent 740"')),
  },
  {
    label: 'get a client, one caller, beside another who looks for a part of a name that no client has',
    connections: 1,
    ...GET,
    beside: { connections: 1, ...asks(() => first(20, 'nameContains: "nobody"')) },
  },
  {
    label: 'GraphQL, the total of all, one caller',
    connections: 1,
    ...asks(() => first(1, '', 'totalCount')),
  },
  { label: 'register', ...makes('/v2/oauth/register', REGISTRATION), headers: JSON_BODY, isSoaked: true },
  { label: 'create', ...makes(CLIENTS, CLIENT) },
  {
    label: 'update',
    headers: { ...JSON_BODY, ...AS_ADMIN },
    expectedStatus: 200,
    requests: ({ ids }) =>
      ['One name', 'Another name'].flatMap((name) =>
        ids.map((id) => ({ method: 'PUT', path: `${CLIENTS}/${id}`, body: JSON.stringify({ name }) })),
      ),
    isSoaked: true,
  },
];
