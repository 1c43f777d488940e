import type { IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Connections } from './connections.js';
import type { HttpLimits } from './limit-values.js';
import { Workload } from './workload.js';

/** Memory of a request in addition to its reply: its objects, the requests that wait after it, and a piece of a stream. */
const BYTES_OF_EACH = 64 * 1024;

/**
 * - `working`: something is done for it
 * - `arriving`: nothing is done until its body has arrived
 * - `leaving`: its reply was handed over, and has not left yet
 * - `over`: its reply has left, or its connection is closed
 */
type Phase = 'working' | 'arriving' | 'leaving' | 'over';

/** A request whose reply has not left yet. */
export interface InFlightRequest {
  reply: FastifyReply;
  /** The caller that it counts for. */
  caller: string;
  /** When it arrived (`performance.now()`). */
  sinceMs: number;
  phase: Phase;
  /** What its reply takes up until it has left. */
  unsentBytes: number;
}

declare module 'fastify' {
  interface FastifyReply {
    /** Its request; null if the router has rejected that. */
    inFlight: InFlightRequest | null;
  }
  interface FastifyContextConfig {
    /** Replies of the route are views of the same bytes in memory: one that is not read takes up no more of it. */
    sharesReplies?: boolean;
  }
}

/**
 * The in-flight requests, the oldest first, and what each waits for. Over a limit, it evicts the oldest bodies that do not arrive and the
 * oldest replies that are not read (ADR 16).
 */
export class InFlightRequests {
  private readonly requests = new Set<InFlightRequest>();
  /** A number, since a set of replies would keep some of them for long (ADR 8). */
  private arriving = 0;
  /** If a caller disconnects, its request counts until the work is done. */
  readonly workload: Workload;
  private unsentBytes = 0;
  private isEvicting = false;
  /** Requests whose connections were closed, ever: bodies that did not arrive, and replies that were not read. */
  brokenOff = 0;

  /** @param callerOf the caller that a request counts for */
  constructor(
    private readonly connections: Connections,
    private readonly limits: HttpLimits,
    readonly callerOf: (request: IncomingMessage) => string,
  ) {
    this.workload = new Workload(limits);
  }

  get size(): number {
    return this.requests.size;
  }

  [Symbol.iterator](): Iterator<InFlightRequest> {
    return this.requests[Symbol.iterator]();
  }

  /** Closes its connection. */
  breakOff(own: InFlightRequest): void {
    const { socket } = own.reply.request.raw;
    this.brokenOff++;
    this.requests.delete(own);
    this.move(own, 'over');
    // Including what the system buffers for a caller that does not read
    socket.resetAndDestroy();
  }

  /** Counts it as a new request: its caller has that much time to read the error. */
  renew(own: InFlightRequest): void {
    this.requests.delete(own);
    own.sinceMs = performance.now();
    this.requests.add(own);
  }

  /** Call it before anything else that may let requests wait, and before any route is added. */
  track(fastify: FastifyInstance): void {
    fastify.decorateReply('inFlight', null);
    fastify.decorateRequest('isWaiting');
    fastify.addHook('onRequest', (request, reply, done) => {
      this.begin(request, reply);
      done();
    });
    fastify.addHook('preParsing', ({ headers }, reply, _payload, done) => {
      const hasBody =
        headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
      if (hasBody && !reply.sent) this.move(reply.inFlight, 'arriving');
      done();
    });
    fastify.addHook('preValidation', (_request, reply, done) => {
      // What was given up while it still arrived is over already
      if (!reply.sent) this.move(reply.inFlight, 'working');
      done();
    });
    fastify.addHook('onSend', ({ routeOptions }, reply, payload, done) => {
      const ownBytes = routeOptions.config.sharesReplies ? 0 : bytesOf(payload);
      this.move(reply.inFlight, 'leaving', BYTES_OF_EACH + ownBytes);
      done();
    });
  }

  private begin(request: FastifyRequest, reply: FastifyReply): void {
    const caller = this.callerOf(request.raw);
    const own: InFlightRequest = { reply, caller, sinceMs: performance.now(), phase: 'over', unsentBytes: 0 };
    reply.inFlight = own;
    this.requests.add(own);
    this.move(own, 'working');
    request.isWaiting = () => own.phase === 'working' && this.requests.has(own);
    // Fastify's own hook is not called if the caller disconnects
    reply.raw.once('close', () => this.end(own));
  }

  private end(own: InFlightRequest): void {
    this.requests.delete(own);
    // Work that has begun goes on after its caller disconnected
    if (own.phase !== 'working') this.move(own, 'over');
    this.connections.rest(own.reply.request.raw.socket);
    // What was taken out of a set may be kept for long, and what it refers to with it (ADR 8)
    (own as { reply: FastifyReply | null }).reply = null;
  }

  private move(own: InFlightRequest | null, to: Phase, unsentBytes = 0): void {
    if (own === null) return;
    const isOpen = (own.reply as FastifyReply | null) !== null;
    const phase = isOpen || to === 'working' ? to : 'over';
    if (phase !== own.phase) {
      this.count(own, -1);
      own.phase = phase;
      this.count(own, 1);
    }
    this.unsentBytes -= own.unsentBytes;
    own.unsentBytes = phase === 'leaving' ? unsentBytes : 0;
    this.unsentBytes += own.unsentBytes;
    if (!isOpen) return;
    const { socket } = own.reply.request.raw;
    if (phase === 'arriving') this.connections.rest(socket);
    else this.connections.occupy(socket);
    if (this.arriving > this.limits.maxArriving) this.breakOffArriving();
    if (this.unsentBytes > this.limits.maxUnsentBytes) this.evictSoon();
  }

  private count({ phase, caller }: InFlightRequest, change: 1 | -1): void {
    if (phase === 'working') this.workload.count(caller, change);
    else if (phase === 'arriving') this.arriving += change;
  }

  private breakOffArriving(): void {
    for (const own of this.requests) {
      if (own.phase !== 'arriving') continue;
      this.breakOff(own);
      return;
    }
  }

  /** Once what the system takes at once has left. */
  private evictSoon(): void {
    if (this.isEvicting) return;
    this.isEvicting = true;
    setImmediate(() => {
      this.isEvicting = false;
      this.evictUnread();
    });
  }

  /** Over the limit, evicts unread replies, the longest unread first, of the caller with the most bytes. */
  private evictUnread(): void {
    if (this.unsentBytes <= this.limits.maxUnsentBytes) return;
    const byCaller = new Map<string, { bytes: number; replies: InFlightRequest[] }>();
    for (const own of this.requests) {
      if (own.phase !== 'leaving') continue;
      const unread = byCaller.get(own.caller) ?? { bytes: 0, replies: [] };
      unread.bytes += own.unsentBytes;
      unread.replies.push(own);
      byCaller.set(own.caller, unread);
    }
    const callers = [...byCaller.values()];
    while (this.unsentBytes > this.limits.maxUnsentBytes && callers.length > 0) {
      const largest = callers.reduce((a, b) => (b.bytes > a.bytes ? b : a));
      const oldest = largest.replies.shift();
      // What is left is closed already, and not counted any more in a moment
      if (oldest === undefined) return;
      largest.bytes -= oldest.unsentBytes;
      this.breakOff(oldest);
    }
  }
}

/** The size of a payload; 0 for a stream, which is read at the speed of its reader. */
function bytesOf(payload: unknown): number {
  return typeof payload === 'string' || payload instanceof Buffer ? Buffer.byteLength(payload) : 0;
}
