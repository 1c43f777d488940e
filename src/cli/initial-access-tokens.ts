import type { DataSource } from 'typeorm';
import { COMMAND_LINE } from '../audit/audit-event.js';
import { InitialAccessTokensService } from '../clients/initial-access-tokens.service.js';
import {
  type InitialAccessTokenDraft,
  initialAccessTokenFaults,
} from '../clients/policy/initial-access-token.js';
import type { GrantType } from '../clients/policy/grant-types.js';
import { Transactions } from '../database/transactions.js';
import {
  type Command,
  EVERYTHING,
  readArguments,
  readExpiry,
  readId,
  refuseFaults,
  shown,
  UsageError,
} from './arguments.js';

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

const serviceOn = (dataSource: DataSource) =>
  new InitialAccessTokensService(dataSource, new Transactions(dataSource));

const create: Command = (args) => {
  const { values } = readArguments(args, {
    name: { type: 'string' },
    org: { type: 'string' },
    user: { type: 'string' },
    max: { type: 'string' },
    'expires-in': { type: 'string' },
    scopes: { type: 'string' },
    'grant-types': { type: 'string' },
    'redirect-hosts': { type: 'string' },
  });
  const { name = '', org = '', user, max, 'expires-in': expiresIn } = values;
  if (max === undefined || expiresIn === undefined) {
    throw new UsageError('--max and --expires-in are required: a token that leaks must come to an end.');
  }
  const draft: InitialAccessTokenDraft = {
    name,
    orgId: org,
    userId: user ?? name,
    maxRegistrations: Number(max),
    expiresAt: readExpiry(expiresIn),
    scopes: readWords(values.scopes),
    // Judged with the rest of the draft
    grantTypes: readWords(values['grant-types']) as GrantType[] | null,
    redirectHosts: readWords(values['redirect-hosts']),
  };
  refuseFaults(initialAccessTokenFaults(draft, new Date()), OPTIONS);
  return async (dataSource) => {
    const { token, value } = await serviceOn(dataSource).create(draft, COMMAND_LINE);
    process.stdout.write(`Initial access token ${token.id}, shown this once:\n${value}\n`);
  };
};

const readWords = (list: string | undefined) => list?.split(/[\s,]+/).filter(Boolean) ?? null;

const list: Command = (args) => {
  readArguments(args, {});
  return async (dataSource) => {
    const { rows: tokens } = await serviceOn(dataSource).page(EVERYTHING);
    console.table(
      tokens.map((token) => ({
        id: token.id,
        name: token.name,
        token: `…${token.hint}`,
        org: token.orgId,
        user: token.userId,
        used: `${token.registrations} of ${token.maxRegistrations}`,
        scopes: token.scopes?.join(' ') ?? 'any',
        'grant types': token.grantTypes?.join(' ') ?? 'any',
        'redirect hosts': token.redirectHosts?.join(' ') ?? 'any',
        expires: shown(token.expiresAt, 'never'),
        revoked: shown(token.revokedAt, 'no'),
      })),
    );
  };
};

const revoke: Command = (args) => {
  const id = readId(args);
  return async (dataSource) => {
    await serviceOn(dataSource).revoke(id, COMMAND_LINE);
    process.stdout.write(`Initial access token ${id} is revoked.\n`);
  };
};

export const INITIAL_ACCESS_TOKEN_COMMANDS: Record<string, Command> = {
  'initial-access-token create': create,
  'initial-access-token list': list,
  'initial-access-token revoke': revoke,
};
