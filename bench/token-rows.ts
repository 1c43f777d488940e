import { hash, randomBytes } from 'node:crypto';
import { insertRows, runSql } from './databases.js';
import type { Server } from './server.js';

export type TokenKind = keyof typeof MODELS;

/** A row, as one of the servers has stored it. */
export interface TokenRow {
  payload: string;
  [column: string]: unknown;
}

/** A token that has a row of its own. */
export interface Copy {
  token: string;
  clientId: string;
}

/** Longer than a run. */
const LIFETIME_MS = 86_400_000;
const ROWS_PER_STATEMENT = 20_000;

/** How a server stores its tokens. */
interface Store {
  prefixes: Record<TokenKind, string>;
  table: string;
  /** Those of a kind that were not used up. */
  where: (kind: TokenKind) => string;
  /** What differs in the row of another token. */
  key: (token: string) => { row: object; payload: object };
}

/** What node-oidc-provider calls them. */
const MODELS = { access: 'ClientCredentials', code: 'AuthorizationCode', refresh: 'RefreshToken' } as const;

const STORES: Record<string, Store> = {
  registry: {
    prefixes: { access: 'oca_', code: 'occ_', refresh: 'ocf_' },
    table: 'oauth_tokens',
    where: (kind) => `kind = '${kind}' AND consumed_at IS NULL`,
    key: (token) => ({ row: { hash: `sha256:${hash('sha256', token, 'hex')}` }, payload: {} }),
  },
  'node-oidc-provider': {
    prefixes: { access: '', code: '', refresh: '' },
    table: 'models',
    where: (kind) => `model = '${MODELS[kind]}' AND consumed_at IS NULL`,
    key: (token) => ({ row: { id: token }, payload: { jti: token } }),
  },
};

export const clientIdOf = ({ payload }: TokenRow): string =>
  (JSON.parse(payload) as { clientId: string }).clientId;

/** The tokens of a kind that a server has. */
export function tokenRows({ name, databaseUrl }: Server, kind: TokenKind): Promise<TokenRow[]> {
  const { table, where } = STORES[name]!;
  return runSql<TokenRow>(databaseUrl, `SELECT * FROM ${table} WHERE ${where(kind)}`);
}

/** Removes the tokens of a kind that were not used up. */
export async function removeTokens({ name, databaseUrl }: Server, kind: TokenKind): Promise<void> {
  const { table, where } = STORES[name]!;
  await runSql(databaseUrl, `DELETE FROM ${table} WHERE ${where(kind)}`);
}

/** Stores copies of rows in turn, each for a token of its own: the server would take minutes to issue as many. */
export async function copyTokens(
  { name, databaseUrl }: Server,
  kind: TokenKind,
  rows: readonly TokenRow[],
  count: number,
): Promise<Copy[]> {
  const { prefixes, table, key } = STORES[name]!;
  const expiresAtMs = Date.now() + LIFETIME_MS;
  const copies: Copy[] = [];
  let stored: TokenRow[] = [];
  for (let i = 0; i < count; i++) {
    const row = rows[i % rows.length]!;
    const token = prefixes[kind] + randomBytes(32).toString('base64url');
    const own = key(token);
    const payload = JSON.parse(row.payload) as object;
    const exp = Math.floor(expiresAtMs / 1000);
    copies.push({ token, clientId: clientIdOf(row) });
    stored.push({
      ...row,
      ...own.row,
      expires_at: expiresAtMs,
      payload: JSON.stringify({ ...payload, ...own.payload, exp }),
    });
    if (stored.length < ROWS_PER_STATEMENT && copies.length < count) continue;
    await insertRows(databaseUrl, table, stored);
    stored = [];
  }
  return copies;
}
