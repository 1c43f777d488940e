import { ACTOR_TYPES, AUDIT_ACTIONS, CHANNELS } from '../../../src/audit/audit-event.js';
import { code, expectGenerated, pageOf, tableOf } from './generated.js';

const CHANNEL_DESCRIPTIONS: Record<(typeof CHANNELS)[number], string> = {
  rest: 'The REST API, `/v2/oauth/clients`.',
  registration:
    'Dynamic registration and registration management (RFC 7591, RFC 7592), `/v2/oauth/register`.',
  graphql: 'The GraphQL API. Changes made in the console have this channel too.',
  console: 'The console, for sign-in and sign-out only.',
  cli: 'The command-line interface.',
  job: 'The service itself: a job, its start, or an eviction at a limit.',
};

const ACTOR_DESCRIPTIONS: Record<(typeof ACTOR_TYPES)[number], [string, string]> = {
  api_key: ['The holder of an API key.', 'The ID of the API key'],
  jwt: ['The holder of a JWT of `AUTH_JWT_ISSUER`.', 'The subject (`sub`) of the JWT'],
  initial_access_token: ['The holder of an initial access token.', 'The ID of the token'],
  registration_token: ['The holder of a registration access token.', 'The `client_id` of the client'],
  anonymous: ['A caller without credentials.', 'None'],
  system: ['The service itself, or the command-line interface.', 'None'],
};

const inGraphql = (name: string) => code(name.toUpperCase().replaceAll('.', '_'));

const page = pageOf(
  'Audit actions',
  'This page lists the actions, channels and actor types of the audit log.',
  'src/audit/audit-event.ts',
  'The service writes an event in the same transaction as its change. [Admin GraphQL API](../guides/admin-graphql.md#audit-log) shows how to read events. `AUDIT_RETENTION` sets how long they are kept.',
  '## Actions',
  tableOf(
    ['Action', 'GraphQL', 'Description'],
    Object.entries(AUDIT_ACTIONS).map(([name, text]) => [code(name), inGraphql(name), text]),
  ),
  '## Channels',
  'The channel of an event is the interface through which the action was requested.',
  tableOf(
    ['Channel', 'GraphQL', 'Description'],
    CHANNELS.map((name) => [code(name), inGraphql(name), CHANNEL_DESCRIPTIONS[name]]),
  ),
  '## Actor types',
  tableOf(
    ['Actor type', 'GraphQL', 'Description', 'Actor ID'],
    ACTOR_TYPES.map((name) => [code(name), inGraphql(name), ...ACTOR_DESCRIPTIONS[name]]),
  ),
);

it('docs/reference/audit-actions.md matches the code; `npm run schema` regenerates it', () =>
  expectGenerated('docs/reference/audit-actions.md', page));
