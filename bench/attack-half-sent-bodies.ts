import { fileURLToPath } from 'node:url';
import { attack, type Attack, holdConnections } from './attack.js';

const MAX_BODY_BYTES = 65_536;
const post = (path: string, length: number, headers = '') =>
  `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${headers}Content-Length: ${length}\r\n\r\n`;

/** Sends the same on each connection, and waits. */
const sending = (connections: number, text: string, rate = 1_000): Attack<undefined> => ({
  prepare: () => Promise.resolve(undefined),
  run: (target) => holdConnections(target, connections, rate, (socket) => void socket.write(text)),
});
/** New connections a second that send tiny chunks: 12 MB/s. Reading them is what costs time (ADR 16). */
const TINY_RATE = 100;

/** Chunks of one byte: 64 KB of them are 10,000 buffers. */
const tinyChunks = (path: string) =>
  `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${'1\r\n \r\n'.repeat(20_000)}`;

/** `npm run attack:half-sent-bodies`: callers that begin requests and never finish them. */
await attack<undefined>(fileURLToPath(import.meta.url), {
  'one byte of 20 on each of 4,000 connections': sending(4_000, `${post('/v2/oauth/register', 20)}{`),
  'one byte of 20 on each of 6,000 connections': sending(6_000, `${post('/v2/oauth/register', 20)}{`),
  'all but a byte of 64 KiB on each of 4,000 connections': sending(
    4_000,
    `${post('/v2/oauth/register', MAX_BODY_BYTES)}${' '.repeat(MAX_BODY_BYTES - 1)}`,
  ),
  'the same with bad credentials': sending(
    4_000,
    `${post('/v2/oauth/clients', MAX_BODY_BYTES, 'Authorization: Bearer bad\r\n')}${' '.repeat(MAX_BODY_BYTES - 1)}`,
  ),
  'tiny chunks to a route that reads a body, on each of 200 connections': sending(
    200,
    tinyChunks('/admin/session'),
    TINY_RATE,
  ),
  'tiny chunks to a path that does not exist, on each of 200 connections': sending(
    200,
    tinyChunks('/nothing'),
    TINY_RATE,
  ),
  'half a header on each of 6,000 connections': sending(6_000, 'GET / HTTP/1.1\r\nX-Long: '),
});
