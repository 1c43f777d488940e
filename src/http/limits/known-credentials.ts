import { hash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance } from 'fastify';
import { LRUCache } from 'lru-cache';

const REMEMBERED_MS = 10 * 60_000;
const MAX_REMEMBERED = 10_000;

/** An API key, a JWT or a session, as it was sent; null: none. */
function keyOf({ authorization, cookie }: IncomingHttpHeaders): string | null {
  const credentials = authorization ?? cookie;
  return credentials === undefined ? null : hash('sha256', credentials, 'base64');
}

/**
 * Credentials of principals that were valid within ten minutes. Those of registered software are not among them: anyone can register. A hint
 * before authentication, which it does not replace.
 */
export class KnownCredentials {
  private readonly valid = new LRUCache<string, true>({ max: MAX_REMEMBERED, ttl: REMEMBERED_MS });

  has(headers: IncomingHttpHeaders): boolean {
    const key = keyOf(headers);
    return key !== null && this.valid.has(key);
  }

  /** Call it before any route is added. */
  track(fastify: FastifyInstance): void {
    fastify.addHook('onSend', ({ headers, principal }, { statusCode }, _payload, done) => {
      const key = keyOf(headers);
      if (key !== null && statusCode === 401) this.valid.delete(key);
      else if (key !== null && principal) this.valid.set(key, true);
      done();
    });
  }
}
