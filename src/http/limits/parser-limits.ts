import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';

/** A parser of Node.js, whose members are not documented. After a connection has ended another one uses it. */
interface Parser {
  socket: Socket | null;
  onIncoming: (request: IncomingMessage, isKeptAlive: boolean) => number;
  /** Called before another connection uses it. */
  initialize: (...given: unknown[]) => void;
  constructor: { kOnHeaders: number; kOnBody: number };
  /** At `kOnHeaders`: called with every 32 fields. At `kOnBody`: called with each chunk. Null: fields and chunks are skipped. */
  [callback: number]: ((...args: never[]) => void) | null;
}

/** The result of a callback that makes a parser skip the rest of its input. */
const SKIP_REST = 2;
/** Fields of a header or a trailer. One that exceeds `maxHeaderFields` by less is answered. */
const MAX_FIELDS = 500;
/** Chunks of a body that may have any length; further ones must have this many bytes on average, as a packet of a slow network has. */
const FREE_CHUNKS = 100;
const MIN_CHUNK_BYTES = 512;

/** What a message has had so far. */
interface Message {
  fields: number;
  chunks: number;
  bytes: number;
  onExceeded: () => void;
}

const messages = new WeakMap<Socket, Message>();
const bounded = new WeakSet<Parser>();

/**
 * Bounds what a connection makes its parser do. Node.js parses what arrived in one piece to its end, also once its connection is destroyed:
 * 64 KB may hold 3,600 requests, 16,000 header fields, or 10,000 chunks, each a buffer of its own.
 * @param onExceeded called if the connection is closed for that
 */
export function boundParsing(socket: Socket & { parser?: Parser | null }, onExceeded: () => void): void {
  const { parser } = socket;
  if (!parser) return;
  const message: Message = { fields: 0, chunks: 0, bytes: 0, onExceeded };
  messages.set(socket, message);
  const { onIncoming } = parser;
  parser.onIncoming = (request, isKeptAlive) => {
    if (socket.destroyed) return SKIP_REST;
    Object.assign(message, { fields: 0, chunks: 0, bytes: 0 });
    return onIncoming.call(parser, request, isKeptAlive);
  };
  if (bounded.has(parser)) return;
  bounded.add(parser);
  const { kOnHeaders, kOnBody } = parser.constructor;
  bound(parser, kOnHeaders, (message, { length }: string[]) => {
    message.fields += length / 2;
    return message.fields <= MAX_FIELDS;
  });
  bound(parser, kOnBody, (message, { length }: Buffer) => {
    message.chunks++;
    message.bytes += length;
    return message.chunks <= FREE_CHUNKS + message.bytes / MIN_CHUNK_BYTES;
  });
}

/** Calls what is there for as long as `isWithin`; then closes the connection, and skips the rest of the piece that is being parsed. */
function bound<T>(parser: Parser, callback: number, isWithin: (message: Message, given: T) => boolean): void {
  const original = parser[callback] as (this: Parser, given: T, ...rest: unknown[]) => void;
  const within = (given: T, ...rest: unknown[]): void => {
    const { socket } = parser;
    const message = socket && messages.get(socket);
    if (!message || isWithin(message, given)) return original.call(parser, given, ...rest);
    message.onExceeded();
    socket.destroy();
    parser[callback] = null;
  };
  const { initialize } = parser;
  // Not in the next tick: Node.js begins one after each chunk
  parser.initialize = (...given) => {
    parser[callback] = within;
    initialize.apply(parser, given);
  };
  parser[callback] = within;
}
