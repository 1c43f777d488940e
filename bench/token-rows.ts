import { hash, randomBytes } from 'node:crypto';
import { insertRows, runSql } from './databases.js';
import type { Server } from './server.js';

export type TokenKind = 'code' | 'refresh';

/** A row, as one of the servers has stored it. */
export interface TokenRow {
  payload: string;
  [column: string]: unknown;
}

/** A code or refresh token that counts once. */
interface Copy {
  token: string;
  clientId: string;
}

/** They are used up within a run. */
const LIFETIME_MS = 3_600_000;

/** Where a server stores its tokens. */
interface Store {
  table: string;
  /** Those of a kind that were not used up. */
  where: (kind: TokenKind) => string;
  /** What differs in the row of another token. */
  key: (token: string) => { row: object; payload: object };
}

const MODELS = { code: 'AuthorizationCode', refresh: 'RefreshToken' } as const;

const STORES: Record<string, Store> = {
  registry: {
    table: 'oauth_tokens',
    where: (kind) => `kind = '${kind}' AND consumed_at IS NULL`,
    key: (token) => ({ row: { hash: `sha256:${hash('sha256', token, 'hex')}` }, payload: {} }),
  },
  'node-oidc-provider': {
    table: 'models',
    where: (kind) => `model = '${MODELS[kind]}' AND consumed_at IS NULL`,
    key: (token) => ({ row: { id: token }, payload: { jti: token } }),
  },
};

/** The codes or refresh tokens that a server has. */
export function tokenRows({ name, databaseUrl }: Server, kind: TokenKind): Promise<TokenRow[]> {
  const { table, where } = STORES[name]!;
  return runSql<TokenRow>(databaseUrl, `SELECT * FROM ${table} WHERE ${where(kind)}`);
}

/**
 * Stores copies of rows in turn, each for a token of its own, in place of those that an earlier run left: the server would take minutes to
 * issue as many.
 */
export async function copyTokens(
  { name, databaseUrl }: Server,
  kind: TokenKind,
  rows: readonly TokenRow[],
  count: number,
): Promise<Copy[]> {
  const { table, where, key } = STORES[name]!;
  const expiresAtMs = Date.now() + LIFETIME_MS;
  const copies: Copy[] = [];
  const stored: TokenRow[] = [];
  for (let i = 0; i < count; i++) {
    const row = rows[i % rows.length]!;
    const token = randomBytes(32).toString('base64url');
    const own = key(token);
    const payload = JSON.parse(row.payload) as { clientId: string };
    const exp = Math.floor(expiresAtMs / 1000);
    copies.push({ token, clientId: payload.clientId });
    stored.push({
      ...row,
      ...own.row,
      expires_at: expiresAtMs,
      payload: JSON.stringify({ ...payload, ...own.payload, exp }),
    });
  }
  await runSql(databaseUrl, `DELETE FROM ${table} WHERE ${where(kind)}`);
  await insertRows(databaseUrl, table, stored);
  return copies;
}
