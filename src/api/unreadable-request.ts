import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';

/** What Node calls the requests that it cannot read, with a status of their own; any other is a bad request. */
const FAULTS: Partial<Record<string, [status: number, description: string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'The header of the request is too large.'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request took too long to arrive.'],
};

/** Answers what is no readable HTTP, so that no request comes of it, in the form of every other error; then hangs up. */
export function answerUnreadable({ code }: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const [status, description] = FAULTS[code ?? ''] ?? [400, 'This is no well-formed HTTP request.'];
  const body = JSON.stringify({ error: 'invalid_request', error_description: description });
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Type: application/json; charset=utf-8\r\n` +
      `Cache-Control: no-store\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
