import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import type { Answer, Registry } from '../registry.js';

/** A request, or a part of one, of lines that end as those of HTTP do. */
export const raw = (...lines: string[]) => lines.join('\r\n');
export const HOST = 'Host: registry.example';
export const JSON_TYPE = 'Content-Type: application/json';

const TIMEOUT_MS = 5_000;

/**
 * Everything that comes back for `bytes`, which may be no HTTP, until the server closes the connection.
 * @param thenHangUp whether the sender ends its half of the connection; else it keeps it open
 */
export function exchange(
  url: string,
  bytes: string,
  { thenHangUp } = { thenHangUp: false },
): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
    let received = '';
    socket.setTimeout(TIMEOUT_MS, () => {
      socket.destroy();
      reject(new Error(`the server neither answered nor hung up; it sent ${JSON.stringify(received)}`));
    });
    socket.setEncoding('latin1');
    socket.on('data', (part: string) => (received += part));
    // The rest of what was sent may be rejected after the answer is there
    socket.on('error', () => undefined);
    socket.on('end', () => socket.end());
    socket.on('close', () => resolve(received));
    socket.on('connect', () => {
      if (thenHangUp) socket.end(bytes, 'latin1');
      else socket.write(bytes, 'latin1');
    });
  });
}

/** What `fetch` does not let through: any path, any method, no content type, bodies of any size. */
export interface RawSending {
  method?: string;
  body?: Buffer | string;
  /** Sends this many bytes in place of a body, until a reply arrives. */
  bodyBytes?: number;
  /** Without Content-Length. */
  chunked?: boolean;
  headers?: Record<string, string>;
}

export async function sendRaw(registry: Registry, path: string, sending: RawSending = {}): Promise<Answer> {
  const { method = 'POST', body = '', bodyBytes, chunked = false, headers = {} } = sending;
  const length = bodyBytes ?? Buffer.byteLength(body);
  const { hostname, port } = new URL(registry.url);
  const request = httpRequest({
    hostname,
    port,
    path,
    method,
    agent: false,
    headers: {
      ...(chunked ? { 'transfer-encoding': 'chunked' } : length > 0 && { 'content-length': String(length) }),
      ...headers,
    },
  });
  let isAnswered = false;
  const answer = new Promise<Answer>((resolve, reject) => {
    request.on('error', reject);
    request.on('response', (response) => {
      isAnswered = true;
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(parts).toString();
        const answerHeaders = new Headers();
        for (const [name, value] of Object.entries(response.headers)) {
          answerHeaders.set(name, [value].flat().join(', '));
        }
        const isJson = answerHeaders.get('content-type')?.includes('json') && text !== '';
        resolve({
          status: response.statusCode ?? 0,
          headers: answerHeaders,
          text,
          body: isJson ? JSON.parse(text) : undefined,
        });
        request.destroy();
      });
    });
  });
  if (bodyBytes === undefined) {
    request.end(body);
  } else {
    // What fails here fails the answer as well, and is reported there
    void pour(request, bodyBytes, () => isAnswered).catch(() => undefined);
  }
  return answer;
}

/** Writes `bytes` spaces, with back-pressure, until a reply arrives. */
async function pour(request: ReturnType<typeof httpRequest>, bytes: number, isAnswered: () => boolean) {
  const chunk = Buffer.alloc(256 * 1024, ' ');
  const answered = once(request, 'response');
  // What fails here fails `drain` as well
  answered.catch(() => undefined);
  for (let sent = 0; sent < bytes && !isAnswered() && !request.destroyed; sent += chunk.length) {
    const isTaken = request.write(chunk.subarray(0, Math.min(chunk.length, bytes - sent)));
    if (!isTaken) await Promise.race([once(request, 'drain'), answered]);
  }
  if (!isAnswered()) request.end();
}
