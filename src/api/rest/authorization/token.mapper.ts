import type { ActiveToken } from '../../../authorization/issuance/token-lookup.js';
import { subjectOf } from '../../../authorization/grants/subject.js';
import type { TokenIntrospection } from './token.dto.js';

const seconds = (date: Date) => Math.floor(date.getTime() / 1000);

/** RFC 7662 §2.2; null: nothing that the caller may know of. */
export function toIntrospection(found: ActiveToken | null, issuer: string): TokenIntrospection {
  if (found === null) return { active: false };
  const { token, client, grant } = found;
  const { scope, aud, jkt } = token.payload as Partial<Record<string, string>>;
  return {
    active: true,
    client_id: client.id,
    ...subjectOf(client, grant),
    ...(scope && { scope }),
    ...(aud && { aud }),
    iss: issuer,
    iat: seconds(token.createdAt),
    exp: seconds(token.expiresAt),
    ...(token.kind === 'access' && { token_type: jkt ? 'DPoP' : 'Bearer' }),
    ...(jkt && { cnf: { jkt } }),
  };
}
