import { randomBytes } from 'node:crypto';
import { globalAgent } from 'node:http';
import fc from 'fast-check';
import { type TokenIssuer } from '../test/support/backing-services/token-issuer.js';
import { RESOURCES } from './generate/flows.js';
import { hostileJwts } from './generate/jwt.js';
import { type HttpRequest, jsonOf } from './http-request.js';
import { Flows } from './flows.js';
import { Known } from './known.js';
import { send } from './send.js';

const SECONDS_PER_DAY = 86_400;
/** For each caller. */
const HOSTILE_JWTS = 1_000;

/** What a service must be started with, so that it trusts the tokens of `issuer`. */
export const trusting = (issuer: TokenIssuer): Record<string, string> => ({
  ...issuer.env,
  SOFTWARE_STATEMENT_ISSUERS: `${issuer.url}=${issuer.url}/.well-known/jwks.json`,
  RATE_LIMIT_REGISTER: 'off',
  RATE_LIMIT_REGISTRATION_READ: 'off',
  RATE_LIMIT_FAILED_AUTH: 'off',
  RATE_LIMIT_GRAPHQL: 'off',
  RATE_LIMIT_ORG: 'off',
  RATE_LIMIT_TOKEN: 'off',
  RATE_LIMIT_AUTHORIZE: 'off',
  RATE_LIMIT_AUDIT_BYTES: 'off',
  AUTHORIZATION_SERVER: 'on',
  AUTHORIZATION_RESOURCES: `${RESOURCES[0]} ${RESOURCES[1]}=jwt`,
  SIGNING_KEY_SECRET: randomBytes(33).toString('base64'),
});

const CREATE_KEY = `mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { value apiKey { id } } }`;
const REVOKE_KEY = `mutation ($id: ID!) { revokeApiKey(id: $id) { apiKey { id } } }`;

interface CreatedKey {
  createApiKey: { value: string; apiKey: { id: string } };
}

const post = (label: string, path: string, key: string, body: object): HttpRequest => ({
  label,
  method: 'POST',
  path,
  headers: [
    ['authorization', `Bearer ${key}`],
    ['content-type', 'application/json'],
  ],
  body: JSON.stringify(body),
  encoding: 'utf8',
});

/** What each caller has from the beginning, for there to be something to read, change and delete. */
const START: readonly [label: string, path: string, body: object][] = [
  [
    'CreateOAuthClient',
    '/v2/oauth/clients',
    {
      name: 'Billing',
      client_type: 'confidential',
      allowed_scopes: ['read', 'write', 'admin'],
      allowed_grant_types: ['client_credentials', 'authorization_code', 'refresh_token'],
      redirect_uris: ['https://billing.example/cb?of=us'],
    },
  ],
  ...[
    ['none', 'http://127.0.0.1/cb'],
    ['client_secret_basic', 'https://example.com/cb'],
    ['client_secret_post', 'com.example.app:/cb'],
  ].map(([method, redirectUri]): (typeof START)[number] => [
    'RegisterOAuthClient',
    '/v2/oauth/register',
    {
      client_name: 'Fuzz',
      redirect_uris: [redirectUri],
      token_endpoint_auth_method: method,
      grant_types: ['authorization_code', 'refresh_token'],
      scope: 'read write admin',
    },
  ]),
];
const STARTS = 2;

/** Callers of the service, each of an organization of its own, with credentials of every kind. */
export async function createCallers(
  url: string,
  adminKey: string,
  issuer: TokenIssuer,
  count: number,
): Promise<Known[]> {
  const ask = async (query: string, variables: object): Promise<unknown> => {
    const reply = await send(url, globalAgent, post('', '/graphql', adminKey, { query, variables }));
    return (jsonOf(reply) as { data: unknown }).data;
  };
  const createKey = async (orgId: string) => {
    const input = { name: 'fuzz', orgId, userId: 'fuzz', role: 'MEMBER' };
    return ((await ask(CREATE_KEY, { input })) as CreatedKey).createApiKey;
  };
  const revoked = await createKey('nobody');
  await ask(REVOKE_KEY, { id: revoked.apiKey.id });

  const metadata = await fetch(`${url}/.well-known/oauth-authorization-server`);
  const { issuer: issuedBy } = (await metadata.json()) as { issuer: string };

  const exp = Math.floor(Date.now() / 1000) + SECONDS_PER_DAY;
  const statement = { aud: undefined, exp, client_name: 'Attested', software_id: 'fuzz' };
  const createCaller = async (orgId: string, seed: number): Promise<Known> => {
    const { value: member } = await createKey(orgId);
    const credentials = {
      admin: adminKey,
      member,
      orgId,
      revoked: revoked.value,
      jwt: await issuer.sign({ org_id: orgId, exp }),
      softwareStatement: await issuer.sign(statement),
    };
    const caller = new Known(
      credentials,
      fc.sample(hostileJwts(issuer), { numRuns: HOSTILE_JWTS, seed }),
      new Flows(issuedBy),
    );
    for (const [label, path, body] of Array.from({ length: STARTS }, () => START).flat()) {
      const request = post(label, path, member, body);
      caller.learn(request, await send(url, globalAgent, request));
    }
    return caller;
  };
  return Promise.all(Array.from({ length: count }, (_, i) => createCaller(`org-${i}`, i)));
}
