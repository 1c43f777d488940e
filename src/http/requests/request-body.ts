import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyBodyParser, FastifyInstance, FastifyRequest } from 'fastify';
import { RegistryError } from '../../errors/registry-error.js';
import { doInTurn } from '../../event-loop/turns.js';
import { JsonFault, parseStrictJson } from '../../json/strict-json.js';
import { FORM, parseFormBody } from './form-body.js';

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
 * @param what it is called in the rejection
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

/** RFC 8259 §8.1 has no other encoding, and a parser that supports one would read something else. */
const isUtf8 = (contentType = '') =>
  [...contentType.matchAll(/;\s*charset\s*=\s*"?([^";]*)/gi)].every(([, charset]) =>
    /^utf-?8\s*$/i.test(charset!),
  );

const isForm = ({ headers }: FastifyRequest) =>
  headers['content-type']?.trimStart().toLowerCase().startsWith(FORM);

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether the route takes form bodies, too; see {@link AcceptsForms}. */
    acceptsForms?: { repeatable?: string };
  }
}

/**
 * For handlers that take a form body as well as JSON.
 * @param repeatable the parameter that a form may repeat
 */
export const AcceptsForms = (repeatable?: string) => RouteConfig({ acceptsForms: { repeatable } });

const unsupported = (description: string) => new RegistryError('unsupported_media_type', description);

/** Reads JSON bodies, and forms if a route takes them. Nothing is decompressed. */
export function readBodies(fastify: FastifyInstance): void {
  fastify.removeAllContentTypeParsers();
  const parser =
    (isAccepted: (request: FastifyRequest) => boolean): FastifyBodyParser<Buffer> =>
    (request, body, done) => {
      if (!isAccepted(request)) {
        return done(unsupported('The request body must have the Content-Type application/json.'));
      }
      if (!isUtf8(request.headers['content-type'])) {
        return done(unsupported('The request body must be UTF-8. Omit the charset or send charset=utf-8.'));
      }
      done(null, body);
    };
  fastify.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer' },
    parser(() => true),
  );
  fastify.addContentTypeParser(
    FORM,
    { parseAs: 'buffer' },
    parser(({ routeOptions }) => routeOptions.config.acceptsForms !== undefined),
  );
  // Bodies of many requests may have arrived in the same moment. What follows is done at once if nothing has to wait
  fastify.addHook('preValidation', (request, reply, done) => {
    const { body } = request;
    if (!(body instanceof Buffer)) return done();
    doInTurn(reply.inFlight!.caller, () => {
      // Given up meanwhile
      if (reply.sent) return;
      try {
        const { acceptsForms } = request.routeOptions.config;
        request.body = isForm(request) ? parseFormBody(body, acceptsForms?.repeatable) : parseJsonBody(body);
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
        : unsupported('Content-Encoding is not supported. Send the request body uncompressed.'),
    );
  });
}
