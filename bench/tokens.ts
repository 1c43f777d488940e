import { createHash, randomBytes } from 'node:crypto';
import type { LoadRequest } from './load.js';
import { AS_ADMIN, FORM_BODY, JSON_BODY } from './requests.js';
import type { Server, ServerName } from './server.js';
import {
  clientIdOf,
  type Copy,
  copyTokens,
  removeTokens,
  type TokenKind,
  type TokenRow,
  tokenRows,
} from './token-rows.js';

/** Clients that take turns. */
const CLIENTS = 200;
/** More than a server exchanges: each code and refresh token counts once. */
const EXCHANGES_PER_SECOND = 5_000;
/** Of a run: the warm-up, and what is left over. */
const OTHER_SECONDS = 3;

const SCOPE = 'read write';
const REDIRECT_URI = 'https://example.com/callback';
const CODE_VERIFIER = randomBytes(32).toString('base64url');
const CODE_CHALLENGE = createHash('sha256').update(CODE_VERIFIER).digest('base64url');

type Parameters = Record<string, string>;
type Credentials = { client_id: string; client_secret?: string };
type Issuer = Exclude<ServerName, 'bare'>;

/** What the two authorization servers are asked differently. */
interface Interface {
  tokenPath: string;
  introspectionPath: string;
  /** A client with all grants that its type may have. Confidential ones send their secret in the body. */
  register: (server: Server, type: 'public' | 'confidential') => Promise<Credentials>;
  /** A code that a user has allowed. */
  authorize: (server: Server, clientId: string) => Promise<string>;
}

const INTERFACES: Record<Issuer, Interface> = {
  registry: {
    tokenPath: '/v2/oauth/token',
    introspectionPath: '/v2/oauth/introspect',
    register: async (server, type) => {
      const body = {
        name: 'My OAuth client',
        client_type: type,
        allowed_grant_types: grantTypes(type),
        allowed_scopes: SCOPE.split(' '),
        redirect_uris: [REDIRECT_URI],
      };
      return (await post(server, '/v2/oauth/clients', body)).data as Credentials;
    },
    authorize: async (server, clientId) => {
      const query = new URLSearchParams({ ...authorizationRequest(clientId), response_type: 'code' });
      const reply = await fetch(`${server.url}/v2/oauth/authorize?${query.toString()}`, {
        redirect: 'manual',
      });
      const consentToken = new URL(reply.headers.get('location')!).searchParams.get('consent_token');
      const decision = await post(server, '/v2/oauth/grants', { consent_token: consentToken, allowed: true });
      return new URL(decision.redirect_uri as string).searchParams.get('code')!;
    },
  },
  'node-oidc-provider': {
    tokenPath: '/token',
    introspectionPath: '/token/introspection',
    register: async (server, type) => {
      const body = {
        client_name: 'My OAuth client',
        redirect_uris: [REDIRECT_URI],
        grant_types: grantTypes(type),
        response_types: ['code'],
        token_endpoint_auth_method: type === 'public' ? 'none' : 'client_secret_post',
        scope: SCOPE,
      };
      return (await post(server, '/reg', body)) as Credentials;
    },
    authorize: async (server, clientId) =>
      (await post(server, '/allow', authorizationRequest(clientId))).code as string,
  },
};

const grantTypes = (type: 'public' | 'confidential') => [
  'authorization_code',
  'refresh_token',
  ...(type === 'public' ? [] : ['client_credentials']),
];

const authorizationRequest = (clientId: string): Parameters => ({
  client_id: clientId,
  redirect_uri: REDIRECT_URI,
  scope: SCOPE,
  code_challenge: CODE_CHALLENGE,
  code_challenge_method: 'S256',
});

const interfaceOf = ({ name }: Server) => INTERFACES[name as Issuer];

async function post(server: Server, path: string, body: object): Promise<Record<string, unknown>> {
  const headers = { ...JSON_BODY, ...AS_ADMIN };
  const response = await fetch(`${server.url}${path}`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path} was answered with ${response.status}: ${await response.text()}`);
  return (await response.json()) as Record<string, unknown>;
}

const form = (path: string, parameters: Parameters): LoadRequest => ({
  method: 'POST',
  path,
  body: new URLSearchParams(parameters).toString(),
});

const tokenRequest = (server: Server, parameters: Parameters) =>
  form(interfaceOf(server).tokenPath, parameters);

async function send(server: Server, { method, path, body }: LoadRequest): Promise<Parameters> {
  const response = await fetch(`${server.url}${path}`, { method, headers: FORM_BODY, body });
  if (!response.ok) throw new Error(`${path} was answered with ${response.status}: ${await response.text()}`);
  return (await response.json()) as Parameters;
}

/** The requests of each operation, by server. */
const prepared = new WeakMap<Server, Record<string, LoadRequest[]>>();

/** The requests of an operation that its `prepare` made. */
export const preparedRequests = (operation: string) => (server: Server) => prepared.get(server)![operation]!;

const keep = (server: Server, operation: string, requests: LoadRequest[]) =>
  prepared.set(server, { ...prepared.get(server), [operation]: requests });

/** One of each for a server. */
function onceFor<T>(make: (server: Server) => Promise<T>): (server: Server) => Promise<T> {
  const made = new WeakMap<Server, Promise<T>>();
  return (server) => {
    if (!made.has(server)) made.set(server, make(server));
    return made.get(server)!;
  };
}

const someClients = (type: 'public' | 'confidential') =>
  onceFor(async (server) => {
    const clients: Credentials[] = [];
    for (let i = 0; i < CLIENTS; i++) {
      const { client_id, client_secret } = await interfaceOf(server).register(server, type);
      clients.push({ client_id, ...(client_secret && { client_secret }) });
    }
    return clients;
  });
const confidentialClients = someClients('confidential');
const publicClients = someClients('public');

/** Credentials in the body, an opaque token that is stored: the same work on each server. */
const clientCredentials = (server: Server, client: Credentials) =>
  tokenRequest(server, { grant_type: 'client_credentials', scope: SCOPE, ...client });

export const prepareClientCredentials = onceFor(async (server) => {
  const clients = await confidentialClients(server);
  keep(
    server,
    'client credentials',
    clients.map((client) => clientCredentials(server, client)),
  );
});

/** Each client asks about a token of its own. */
export const prepareIntrospection = onceFor(async (server) => {
  const requests: LoadRequest[] = [];
  for (const client of await confidentialClients(server)) {
    const { access_token: token } = await send(server, clientCredentials(server, client));
    const parameters = { token: token!, token_type_hint: 'access_token', ...client };
    requests.push(form(interfaceOf(server).introspectionPath, parameters));
  }
  keep(server, 'introspect', requests);
});

const codeExchange = (server: Server, code: string, client: Credentials) =>
  tokenRequest(server, {
    grant_type: 'authorization_code',
    code,
    redirect_uri: REDIRECT_URI,
    code_verifier: CODE_VERIFIER,
    ...client,
  });

const refresh = (server: Server, token: string, client: Credentials) =>
  tokenRequest(server, { grant_type: 'refresh_token', refresh_token: token, ...client });

/** A code of each client, as the server has stored it. */
const codes = onceFor(async (server) => {
  for (const { client_id } of await confidentialClients(server)) {
    await interfaceOf(server).authorize(server, client_id);
  }
  return tokenRows(server, 'code');
});

/** A refresh token of each client, as the server has stored it. They are public, so that both servers replace the tokens. */
const refreshTokens = onceFor(async (server) => {
  for (const client of await publicClients(server)) {
    const code = await interfaceOf(server).authorize(server, client.client_id);
    await send(server, codeExchange(server, code, client));
  }
  const clientIds = new Set((await publicClients(server)).map(({ client_id }) => client_id));
  // Code exchanges that were measured have left others
  return (await tokenRows(server, 'refresh')).filter((row) => clientIds.has(clientIdOf(row)));
});

/** Stores as many codes or refresh tokens as a run uses up, and makes a request of each. */
const prepareOnce =
  (
    operation: string,
    kind: TokenKind,
    clientsOf: (server: Server) => Promise<Credentials[]>,
    rowsOf: (server: Server) => Promise<TokenRow[]>,
    request: typeof refresh,
  ) =>
  async (server: Server, seconds: number): Promise<void> => {
    const clients = new Map((await clientsOf(server)).map((client) => [client.client_id, client]));
    const count = EXCHANGES_PER_SECOND * (seconds + OTHER_SECONDS);
    const rows = await rowsOf(server);
    await removeTokens(server, kind);
    const copies = await copyTokens(server, kind, rows, count);
    keep(
      server,
      operation,
      copies.map(({ token, clientId }) => request(server, token, clients.get(clientId)!)),
    );
  };

export const prepareCodes = prepareOnce('code exchange', 'code', confidentialClients, codes, codeExchange);
export const prepareRefreshTokens = prepareOnce('refresh', 'refresh', publicClients, refreshTokens, refresh);

/** Gives the clients of a server so many live access tokens more. */
export async function issueMany(server: Server, count: number): Promise<Copy[]> {
  for (const client of await confidentialClients(server))
    await send(server, clientCredentials(server, client));
  return copyTokens(server, 'access', await tokenRows(server, 'access'), count);
}
