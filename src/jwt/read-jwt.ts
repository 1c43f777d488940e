import type { JWTPayload } from 'jose';
import { JsonFault, parseStrictJson } from '../json/strict-json.js';

/** Three parts, the first of them an encoded JSON object (RFC 7515 §3.1). */
export const COMPACT_JWS = /^eyJ[\w-]*\.[\w-]+\.[\w-]*$/;

/** A JWT as it was sent: its issuer chose the type of every member. */
export interface SentJwt {
  header: Record<string, unknown>;
  claims: JWTPayload;
}

/**
 * The content of a JWT, without verification; null if it is not a JWT, or if two parsers could read it differently: an issuer that signs
 * members sent by others may sign a member twice.
 */
export function readJwt(token: string): SentJwt | null {
  if (!COMPACT_JWS.test(token)) return null;
  const [header, claims] = token.split('.', 2).map(objectOf);
  return header && claims ? { header, claims } : null;
}

const isBeyondDouble = (value: unknown) => value === Infinity || value === -Infinity;

function objectOf(part: string): Record<string, unknown> | null {
  try {
    const value = parseStrictJson(Buffer.from(part, 'base64url'));
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    // "exp":1e400 would never come (RFC 7493 §2.2)
    return isObject && !Object.values(value).some(isBeyondDouble) ? (value as Record<string, unknown>) : null;
  } catch (error) {
    if (error instanceof JsonFault) return null;
    throw error;
  }
}
