import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';
import { RegistryError } from '../../errors/registry-error.js';
import { REQUEST_ID } from '../responses/default-headers.js';

/** What Node calls the requests that it cannot read, with a status of their own; any other is a bad request. */
const FAULTS: Partial<Record<string, [status: number, description: string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'The request header is too large.'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request timed out before it was complete.'],
};

/** `rawPacket` is what of it came last: a Buffer, although Fastify types it otherwise. */
type UnreadableRequest = NodeJS.ErrnoException & { rawPacket?: unknown };

/** Answers what is not readable HTTP, so that no request comes of it, in the form of every other error; then disconnects. */
export function answerUnreadable({ code, rawPacket }: UnreadableRequest, socket: Socket): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const [status, description] = FAULTS[code ?? ''] ?? [400, 'The request is not well-formed HTTP.'];
  // RFC 9110 §9.3.2: a sender of HEAD takes a body for the next reply
  const isHead = rawPacket instanceof Buffer && rawPacket.toString('latin1', 0, 5) === 'HEAD ';
  const body = JSON.stringify({ error: 'invalid_request', error_description: description });
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Type: application/json; charset=utf-8\r\n` +
      `Cache-Control: no-store\r\n${REQUEST_ID}: ${randomUUID()}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${isHead ? '' : body}`,
  );
}

/**
 * Takes over two rejections of Node's own, which needs `requireHostHeader: false`: a request without a Host (RFC 9112 §3.2; HTTP/1.0
 * knows none), and an unknown expectation, which is ignored (RFC 9110 §10.1.1).
 */
export function rejectMissingHost(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', ({ headers, raw }, _reply, done) => {
    const lacksHost = headers.host === undefined && raw.httpVersion !== '1.0';
    done(lacksHost ? new RegistryError('invalid_request', 'The Host header is required.') : undefined);
  });
  const { server } = fastify;
  server.on('checkExpectation', (request, response) => server.emit('request', request, response));
}
