import type { FastifyInstance } from 'fastify';
import { RegistryError } from '../../errors/registry-error.js';
import { doInTurn } from '../../event-loop/turns.js';
import { JsonFault, parseStrictJson } from '../../json/strict-json.js';

/** Bytes of a request body. */
export const MAX_BODY_BYTES = 64 * 1024;

/**
 * The value of a JSON request body; undefined for an empty one.
 * @throws RegistryError `invalid_request`
 */
export function parseJsonBody(body: Buffer): unknown {
  return body.length === 0 ? undefined : readJson('The request body', body);
}

/**
 * The value of a JSON text of a request.
 * @param what it is called in the refusal
 * @throws RegistryError `invalid_request`
 */
export function readJson(what: string, source: string | Uint8Array): unknown {
  try {
    return parseStrictJson(source);
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error;
    throw new RegistryError('invalid_request', `${what} ${error.message}.`, { cause: error.cause });
  }
}

/** RFC 8259 §8.1 has no other encoding, and a reader that believes in one would read something else. */
const isUtf8 = (contentType = '') =>
  [...contentType.matchAll(/;\s*charset\s*=\s*"?([^";]*)/gi)].every(([, charset]) =>
    /^utf-?8\s*$/i.test(charset!),
  );

/** JSON is the only request body there is, and it comes as it is: nothing here unpacks what was compressed. */
export function readJsonOnly(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('application/json', { parseAs: 'buffer' }, ({ headers }, body, done) => {
    if (!isUtf8(headers['content-type'])) {
      return done(
        new RegistryError(
          'unsupported_media_type',
          'The request body must be UTF-8. Omit the charset or send charset=utf-8.',
        ),
      );
    }
    done(null, body);
  });
  // Bodies of many requests may have arrived in the same moment. What follows is done at once where nothing has to wait
  fastify.addHook('preValidation', (request, reply, done) => {
    const { body } = request;
    if (!(body instanceof Buffer)) return done();
    doInTurn(() => {
      // Given up meanwhile
      if (reply.sent) return;
      try {
        request.body = parseJsonBody(body);
      } catch (error) {
        return done(error as Error);
      }
      done();
    });
  });
  fastify.addHook('onRequest', (request, _reply, done) => {
    const encoding = request.headers['content-encoding'];
    done(
      encoding === undefined || encoding === 'identity'
        ? undefined
        : new RegistryError(
            'unsupported_media_type',
            'Content-Encoding is not supported. Send the request body uncompressed.',
          ),
    );
  });
}
