const BASIC = /^basic\b/i;

/** Whether an Authorization header is of HTTP Basic. */
export const isBasic = (authorization = ''): boolean => BASIC.test(authorization);

/**
 * The credentials of a client in an Authorization header of HTTP Basic (RFC 6749 §2.3.1: both parts are form-encoded before they are
 * joined). Undefined: it is of another scheme. Null: it is malformed.
 */
export function basicCredentials(authorization = ''): { id: string; secret: string } | null | undefined {
  if (!isBasic(authorization)) return undefined;
  const [, encoded = ''] = /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(authorization) ?? [];
  const [, id, secret] = /^([^:]+):(.+)$/s.exec(Buffer.from(encoded, 'base64').toString('utf8')) ?? [];
  try {
    return id === undefined ? null : { id: formDecode(id), secret: formDecode(secret!) };
  } catch {
    return null;
  }
}

const formDecode = (text: string) => decodeURIComponent(text.replaceAll('+', ' '));
