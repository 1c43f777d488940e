import { decrypt, encrypt } from '../../secrets/encryption.js';
import type { TokenEntity } from './token.entity.js';

/** How long a client that lost the reply to a refresh token gets the same reply again. Later, the token revokes its grant. */
export const RETRY_MS = 10_000;

const PURPOSE = 'reply to a refresh token';

/** The reply as it is stored with the replaced token: only the holder of that token can read it. */
export const sealReply = (refreshToken: string, reply: string) => encrypt(refreshToken, PURPOSE, reply);

/** The reply to the request that replaced the token; null: it is too late for that, or no reply was stored. */
export function replyToRetry({ consumedAt, sealedReply }: TokenEntity, refreshToken: string): string | null {
  if (sealedReply === null || Date.now() - consumedAt!.getTime() >= RETRY_MS) return null;
  return decrypt(refreshToken, PURPOSE, sealedReply);
}
