import type { DataSource } from 'typeorm';
import { COMMAND_LINE } from '../audit/audit-event.js';
import { DURATION_UNITS } from '../config/duration.js';
import { type InitialAccessTokenDraft, initialAccessTokenFaults } from '../policy/initial-access-token.js';
import type { GrantType } from '../policy/grants/grant-types.js';
import { command, type Command, EVERYTHING, readExpiry, rejectInvalidOptions } from './arguments.js';
import { day, expiry, listCommand } from './list.js';

/** What the fields of a token are called on the command line. */
const OPTIONS: Record<keyof InitialAccessTokenDraft, string> = {
  name: '--name',
  orgId: '--org',
  userId: '--user',
  maxRegistrations: '--max',
  expiresAt: '--expires-in',
  scopes: '--scopes',
  grantTypes: '--grant-types',
  redirectHosts: '--redirect-hosts',
};

/** Loaded when a command needs it: TypeORM and Nest take longer to load than arguments to check. */
async function serviceOn(dataSource: DataSource) {
  const { InitialAccessTokensService } =
    await import('../clients/initial-access-tokens/initial-access-tokens.service.js');
  const { InitialAccessTokensRepository } =
    await import('../clients/initial-access-tokens/initial-access-tokens.repository.js');
  const { WriteQueue } = await import('../database/writes/write-queue.js');
  const repository = new InitialAccessTokensRepository(dataSource, new WriteQueue(dataSource));
  return new InitialAccessTokensService(repository);
}

const readWords = (list: string | undefined) => list?.split(/[\s,]+/).filter(Boolean) ?? null;

export const INITIAL_ACCESS_TOKEN_COMMANDS: Record<string, Command<DataSource>> = {
  'initial-access-token create': command({
    does: 'Creates an initial access token and prints it, this once.',
    options: {
      name: { takes: 'NAME', isRequired: true, means: 'what the token is for' },
      org: { takes: 'ORG', isRequired: true, means: 'the organization that its clients belong to' },
      max: { takes: 'COUNT', isRequired: true, means: 'how many clients it may register' },
      'expires-in': { takes: '90d', isRequired: true, means: `a number and ${DURATION_UNITS}` },
      user: { takes: 'USER', means: 'the user that its clients belong to; without it, its name' },
      scopes: { takes: '"read write"', means: 'the scopes that its clients may have' },
      'grant-types': { takes: '"authorization_code"', means: 'the grant types that they may have' },
      'redirect-hosts': { takes: '"*.example.com"', means: 'the hosts that their redirect URIs may have' },
    },
    prepare: ({ name, org, user = name, max, ...values }) => {
      const draft: InitialAccessTokenDraft = {
        name,
        orgId: org,
        userId: user,
        maxRegistrations: Number(max),
        expiresAt: readExpiry(values['expires-in']),
        scopes: readWords(values.scopes),
        // Validated with the rest of the draft
        grantTypes: readWords(values['grant-types']) as GrantType[] | null,
        redirectHosts: readWords(values['redirect-hosts']),
      };
      rejectInvalidOptions(initialAccessTokenFaults(draft, new Date()), OPTIONS);
      return async (dataSource: DataSource) => {
        const { token, value } = await (await serviceOn(dataSource)).create(draft, COMMAND_LINE);
        process.stdout.write(`Initial access token ${token.id}, shown this once:\n${value}\n`);
      };
    },
  }),
  'initial-access-token list': listCommand(
    'Lists all initial access tokens.',
    async (dataSource: DataSource) => (await (await serviceOn(dataSource)).page(EVERYTHING)).rows,
    {
      table: (token) => ({
        id: token.id,
        name: token.name,
        token: `…${token.hint}`,
        org: token.orgId,
        used: `${token.registrations} of ${token.maxRegistrations}`,
        'last used': day(token.lastUsedAt, 'never'),
        expires: expiry(token),
      }),
      json: [
        'id',
        'name',
        'hint',
        'orgId',
        'userId',
        'registrations',
        'maxRegistrations',
        'scopes',
        'grantTypes',
        'redirectHosts',
        'createdAt',
        'lastUsedAt',
        'expiresAt',
        'revokedAt',
      ],
    },
  ),
  'initial-access-token revoke': command({
    does: 'Revokes an initial access token.',
    options: {},
    operand: 'ID',
    prepare: (_, id) => async (dataSource: DataSource) => {
      await (await serviceOn(dataSource)).revoke(id, COMMAND_LINE);
      process.stdout.write(`Initial access token ${id} is revoked.\n`);
    },
  }),
};
