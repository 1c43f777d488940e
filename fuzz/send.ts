import { type Agent, request as startRequest } from 'node:http';
import { connect } from 'node:net';
import type { HttpReply, HttpRequest } from './http-request.js';

/** Longer than the service itself gives any request. */
const REPLY_TIMEOUT_MS = 25_000;
/** What waits for the rest of a message says nothing; long enough for everything that answers at once. */
const SILENCE_MS = 250;

/** Sends a request as it is, nothing normalized, and reads the whole reply. */
export function send(url: string, agent: Agent, request: HttpRequest): Promise<HttpReply> {
  const { method, path, headers, body, encoding } = request;
  const { hostname, port } = new URL(url);
  const bytes = body === null ? null : Buffer.from(body, encoding);
  const isHostGiven = headers.some(([name]) => name === 'host');
  const isChunked = headers.some(([name]) => name === 'transfer-encoding');
  const flat = [
    ...(isHostGiven ? [] : ['host', `${hostname}:${port}`]),
    ...headers.flat(),
    ...(bytes === null || isChunked ? [] : ['content-length', String(bytes.length)]),
  ];
  const start = performance.now();
  return new Promise((done, fail) => {
    const sent = startRequest({
      agent,
      hostname,
      port,
      method,
      path,
      headers: flat,
      timeout: REPLY_TIMEOUT_MS,
    });
    sent.once('timeout', () => sent.destroy(new Error(`no reply within ${REPLY_TIMEOUT_MS} ms`)));
    sent.once('error', fail);
    sent.once('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', fail);
      response.once('end', () =>
        done({
          status: response.statusCode!,
          headers: response.headers as Record<string, string>,
          text: Buffer.concat(chunks).toString(),
          durationMs: performance.now() - start,
        }),
      );
    });
    sent.end(bytes ?? undefined);
  });
}

/** Sends bytes on a connection of its own. @returns all that came until the other side disconnected or fell silent */
export function exchange(url: string, bytes: Buffer): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((done, fail) => {
    let received = '';
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    socket.setEncoding('latin1');
    socket.setTimeout(SILENCE_MS, () => socket.destroy());
    socket.on('data', (text: string) => (received += text));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // Hanging up on a sender that still sends is an answer too
      if (error.code === 'ECONNREFUSED') fail(error);
    });
    socket.once('close', () => done(received));
  });
}

/** The replies in what came on a connection. A body without a length goes to the end; that of a HEAD is not there. */
export function repliesIn(received: string): Omit<HttpReply, 'durationMs'>[] {
  const replies: Omit<HttpReply, 'durationMs'>[] = [];
  let rest = received;
  while (rest !== '') {
    const end = rest.indexOf('\r\n\r\n');
    const [statusLine = '', ...lines] = rest.slice(0, end === -1 ? undefined : end).split('\r\n');
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(statusLine)?.[1] ?? 0);
    const headers = Object.fromEntries(
      lines.map((line) => [line.split(':', 1)[0]!.toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
    );
    const after = end === -1 ? '' : rest.slice(end + 4);
    const length = status < 200 ? 0 : Number(headers['content-length'] ?? after.length);
    replies.push({ status, headers, text: Buffer.from(after.slice(0, length), 'latin1').toString() });
    rest = after.slice(length);
  }
  return replies;
}
