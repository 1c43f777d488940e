import { hash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { bearerToken } from '../../auth/bearer-token.js';
import { RememberedCredentials } from '../../auth/remembered-credentials.js';
import type { HttpLimits } from './limit-values.js';

/** Of an API key or a JWT, however it was spelled; null: there is none. */
function keyOf({ authorization }: IncomingHttpHeaders): string | null {
  const token = bearerToken(authorization);
  return token === undefined ? null : hash('sha256', token, 'base64');
}

/**
 * Credentials of principals that were valid within ten minutes. Those of registered software are not among them: anyone can register. A hint
 * before authentication, which it does not replace.
 */
export class KnownCredentials {
  private readonly valid: RememberedCredentials<true>;

  constructor({ maxRememberedCredentials: max }: HttpLimits) {
    this.valid = new RememberedCredentials(max);
  }

  has(headers: IncomingHttpHeaders): boolean {
    const key = keyOf(headers);
    return key !== null && this.valid.has(key);
  }

  /** Call it before any route is added. */
  track(fastify: FastifyInstance): void {
    // Later, a handler can find a principal by a session, and ignore the header
    fastify.addHook('preParsing', ({ headers, principal }, _reply, _payload, done) => {
      const key = principal?.sessionExpiresAt === null ? keyOf(headers) : null;
      if (key !== null) this.valid.set(key, true, principal!.orgId);
      done();
    });
    fastify.addHook('onSend', ({ headers }, { statusCode }, _payload, done) => {
      const key = statusCode === 401 ? keyOf(headers) : null;
      if (key !== null) this.valid.delete(key);
      done();
    });
  }
}
