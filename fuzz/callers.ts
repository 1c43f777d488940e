import { type TokenIssuer } from '../test/support/token-issuer.js';
import { Known } from './known.js';

const SECONDS_PER_DAY = 86_400;

/** What a service must be started with, so that it believes the tokens of `issuer`. */
export const trusting = (issuer: TokenIssuer): Record<string, string> => ({
  ...issuer.env,
  SOFTWARE_STATEMENT_ISSUERS: `${issuer.url}=${issuer.url}/.well-known/jwks.json`,
  RATE_LIMIT_REGISTER: 'off',
  RATE_LIMIT_FAILED_AUTH: 'off',
  RATE_LIMIT_GRAPHQL: 'off',
});

const CREATE_KEY = `mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { value apiKey { id } } }`;
const REVOKE_KEY = `mutation ($id: ID!) { revokeApiKey(id: $id) { apiKey { id } } }`;

interface CreatedKey {
  createApiKey: { value: string; apiKey: { id: string } };
}

/** Callers of the service, each of an organization of its own, with credentials of every kind. */
export async function createCallers(
  url: string,
  adminKey: string,
  issuer: TokenIssuer,
  count: number,
): Promise<Known[]> {
  const ask = async (query: string, variables: object): Promise<unknown> => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${adminKey}` },
      body: JSON.stringify({ query, variables }),
    });
    return ((await response.json()) as { data: unknown }).data;
  };
  const createKey = async (orgId: string) => {
    const input = { name: 'fuzz', orgId, userId: 'fuzz', role: 'MEMBER' };
    return ((await ask(CREATE_KEY, { input })) as CreatedKey).createApiKey;
  };
  const revoked = await createKey('nobody');
  await ask(REVOKE_KEY, { id: revoked.apiKey.id });

  const callers: Known[] = [];
  for (let i = 0; i < count; i++) {
    const orgId = `org-${i}`;
    const exp = Math.floor(Date.now() / 1000) + SECONDS_PER_DAY;
    callers.push(
      new Known({
        admin: adminKey,
        member: (await createKey(orgId)).value,
        orgId,
        revoked: revoked.value,
        jwt: await issuer.sign({ org_id: orgId, exp }),
        softwareStatement: await issuer.sign({
          aud: undefined,
          exp,
          client_name: 'Attested',
          software_id: 'fuzz',
        }),
      }),
    );
  }
  return callers;
}
