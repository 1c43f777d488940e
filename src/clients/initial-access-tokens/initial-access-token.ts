import { RegistryError } from '../../errors/registry-error.js';
import type { InitialAccessTokenDraft } from '../../policy/initial-access-token.js';

/** A token with which software registers clients for an owner (RFC 7591 §3); its value is known to its holder alone. */
export interface InitialAccessToken extends InitialAccessTokenDraft {
  id: string;
  /** The last four characters of the value. */
  hint: string;
  /** How many clients were registered with it. */
  registrations: number;
  createdAt: Date;
  /** Time of the last registration. */
  lastUsedAt: Date | null;
  revokedAt: Date | null;
}

export const isUsable = (token: InitialAccessToken, now: Date): boolean =>
  token.registrations < token.maxRegistrations && token.expiresAt > now && token.revokedAt === null;

export const unusableToken = () =>
  new RegistryError('invalid_token', 'The initial access token is unknown, expired, revoked or exhausted.');
