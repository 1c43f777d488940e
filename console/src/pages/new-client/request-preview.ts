import type { CreateOAuthClientInput } from '../../graphql/operations';
import { serviceUrl } from '../../paths';

/** Members of the REST API by their names in GraphQL. The other fields exist in GraphQL only. */
const REST_MEMBERS: Partial<Record<keyof CreateOAuthClientInput, string>> = {
  name: 'name',
  clientType: 'client_type',
  allowedGrantTypes: 'allowed_grant_types',
  allowedScopes: 'allowed_scopes',
  redirectUris: 'redirect_uris',
  requirePkce: 'require_pkce',
  logoUri: 'logo_uri',
  policyUri: 'policy_uri',
  tosUri: 'tos_uri',
};
const ENUMS = ['clientType', 'allowedGrantTypes', 'tokenEndpointAuthMethod', 'applicationType'];

const isSaid = (value: unknown) =>
  value !== null &&
  value !== undefined &&
  value !== '' &&
  value !== false &&
  !(Array.isArray(value) && value.length === 0);

const lower = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(lower);
  return typeof value === 'string' ? value.toLowerCase() : value;
};

function restBody(input: CreateOAuthClientInput): Record<string, unknown> {
  const entries = Object.entries(input).filter(([name, value]) => name in REST_MEMBERS && isSaid(value));
  return Object.fromEntries(
    entries.map(([name, value]) => [
      REST_MEMBERS[name as keyof CreateOAuthClientInput]!,
      ENUMS.includes(name) ? lower(value) : value,
    ]),
  );
}

/** Quoted for a POSIX shell. */
const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

function graphqlValue(value: unknown, isEnum: boolean): string {
  if (Array.isArray(value)) return `[${value.map((entry) => graphqlValue(entry, isEnum)).join(', ')}]`;
  return isEnum ? String(value) : JSON.stringify(value);
}

/** The equivalent request for each tool. */
export const PREVIEWS = {
  curl: (input: CreateOAuthClientInput) =>
    [
      `curl ${serviceUrl('v2/oauth/clients')}`,
      `-H "Authorization: Bearer $API_KEY"`,
      `-H 'Content-Type: application/json'`,
      `-d ${quoted(JSON.stringify(restBody(input), null, 2))}`,
    ].join(' \\\n  '),
  SDK: (input: CreateOAuthClientInput) =>
    [
      `import Telnyx from 'telnyx';`,
      '',
      `const client = new Telnyx({ apiKey: process.env.API_KEY, baseURL: '${serviceUrl('v2')}' });`,
      `const { data } = await client.oauthClients.create(${JSON.stringify(restBody(input), null, 2)});`,
    ].join('\n'),
  GraphQL: (input: CreateOAuthClientInput) => {
    const fields = Object.entries(input)
      .filter(([, value]) => isSaid(value))
      .map(([name, value]) => `      ${name}: ${graphqlValue(value, ENUMS.includes(name))}`);
    return [
      'mutation {',
      '  createOAuthClient(',
      '    input: {',
      ...fields,
      '    }',
      '  ) {',
      '    clientSecret',
      '    client { clientId }',
      '  }',
      '}',
    ].join('\n');
  },
} as const;
