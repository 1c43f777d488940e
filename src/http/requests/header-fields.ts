import type { FastifyInstance } from 'fastify';
import { RegistryError } from '../../errors/registry-error.js';
import { readUrl } from '../../policy/uris/uri.js';

/** Fields that come once: Node takes the first and drops the others, where a proxy may have read the last. */
const SINGLE_FIELDS: ReadonlySet<string> = new Set(['host', 'authorization', 'content-type']);

/** A name or address and a port (RFC 9110 §7.2). Names of containers may have an underscore. */
const HOST = /^(?:\[[\da-f:.]+\]|[\w.-]+)(?::(\d{0,5}))?$/i;

const invalid = (description: string) => new RegistryError('invalid_request', description);

/**
 * Rejects requests with more than `max` header fields, of which Node keeps just enough to detect that, and those whose header two
 * readers would read differently (RFC 9112 §3.2, §6.1).
 */
export function checkHeaderFields(fastify: FastifyInstance, max: number): void {
  fastify.server.maxHeadersCount = max + 1;
  fastify.addHook('onRequest', ({ raw }, reply, done) => {
    const { rawHeaders, headers, httpVersion } = raw;
    const { host, upgrade, 'transfer-encoding': transferCoding } = headers;
    if (rawHeaders.length > 2 * max) {
      return done(invalid(`The request has more than ${max} header fields.`));
    }
    const repeated = repeatedField(rawHeaders);
    if (repeated !== undefined) return done(invalid(`The ${repeated} header must not be repeated.`));
    if (host !== undefined && !isHostField(host)) {
      return done(invalid('The Host header must contain a host and optionally a port.'));
    }
    // What follows in the same piece is thrown away by Node.js, and what comes later is read as another request (RFC 9110 §7.8)
    if (upgrade !== undefined) reply.raw.shouldKeepAlive = false;
    if (transferCoding === undefined) return done();
    if (httpVersion !== '1.1') {
      // RFC 9112 §6.1: where the body ends is not certain, so nothing after it is read
      reply.raw.shouldKeepAlive = false;
      return done(invalid(`Transfer-Encoding is not allowed in HTTP/${httpVersion}.`));
    }
    if (transferCoding.toLowerCase() === 'chunked') return done();
    done(
      new RegistryError('not_implemented', 'The only supported Transfer-Encoding is chunked.', {
        isByDesign: true,
      }),
    );
  });
}

function repeatedField(rawHeaders: readonly string[]): string | undefined {
  const seen = new Set<string>();
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase();
    if (!SINGLE_FIELDS.has(name)) continue;
    if (seen.has(name)) return rawHeaders[i];
    seen.add(name);
  }
  return undefined;
}

function isHostField(host: string): boolean {
  const [matched, port = ''] = HOST.exec(host) ?? [];
  return (
    matched !== undefined && Number(port) <= 65_535 && (host[0] !== '[' || readUrl(`http://${host}`) !== null)
  );
}
