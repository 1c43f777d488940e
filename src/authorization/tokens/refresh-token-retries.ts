import { splitScope } from '../../policy/grants/scope.js';
import { decrypt, encrypt } from '../../secrets/encryption.js';
import { hashSecret } from '../../secrets/secret.js';
import type { TokenEntity } from './token.entity.js';

/** How long a client that lost the reply to a refresh token gets the same reply again. Later, the token revokes its grant. */
export const RETRY_MS = 10_000;

/** A token request of a client that was authenticated. A retry asks for the same, by the same refresh token. */
export interface TokenRequest {
  /** Without the credentials of the client; the resource by its identifier. */
  parameters: Record<string, string>;
  /** The DPoP header (RFC 9449 §5); undefined: none. */
  dpop: string | undefined;
}

/** Whether a replaced token can be that of a retry. */
export const isRetry = ({ consumedAt }: TokenEntity): boolean =>
  Date.now() - consumedAt!.getTime() < RETRY_MS;

/** The reply as it is stored with the replaced token: only the holder of that token can read it, and only for the same request. */
export const sealReply = (request: TokenRequest, reply: string): string =>
  encrypt(request.parameters.refresh_token!, purposeOf(request), reply);

/** The reply to the request that replaced the token; null: none was stored, or that was another request. */
export function replyTo(request: TokenRequest, { sealedReply }: TokenEntity): string | null {
  if (sealedReply === null) return null;
  try {
    return decrypt(request.parameters.refresh_token!, purposeOf(request), sealedReply);
  } catch {
    return null;
  }
}

function purposeOf({ parameters: { resource, scope = '' }, dpop }: TokenRequest): string {
  const asked = JSON.stringify([resource, splitScope(scope).sort(), dpop !== undefined]);
  return hashSecret(`reply to a refresh token ${asked}`);
}
