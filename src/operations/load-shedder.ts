import { randomUUID } from 'node:crypto';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyHttpOptions, FastifyInstance, FastifyServerFactory } from 'fastify';
import type { Logger } from 'pino';
import { refusals } from '../diagnostics/channels.js';
import type { RequestsUnderWay } from './requests-under-way.js';

/** Whoever is to know how the service does is answered however much there is to do. */
const EXEMPT = /^\/health\//;
/** How long requests are begun in one turn of the event loop, in milliseconds. The others wait for the next, and health does not. */
const TURN_MS = 20;
/** How long nothing is begun at most while connections are let in: Node.js accepts one with each turn of the event loop. */
const LETTING_IN_MS = 20;
/** Requests that are begun at most in one such turn, of those that have waited. */
const BEGUN_PER_TURN = 32;
/** A line for each refusal would be work too. */
const LOG_INTERVAL_MS = 10_000;

/** A reply that is always the same, but for the id of the request. */
export interface FixedReply {
  status: number;
  headers: (requestId: string) => Record<string, string>;
  body: string;
}

export interface LoadLimits {
  maxRequests: number;
  maxHeldRequests: number;
}

/**
 * Refuses requests while as many as may be are worked on, so that those get their answers in time. Who sends slowly takes nobody's place,
 * and who hangs up makes no room for another.
 *
 * It stands in front of Fastify: there, a refusal takes a quarter of the time of a registration, and a twentieth here (ADR 11).
 */
export class LoadShedder {
  private refused = 0;
  private handle: RequestListener = () => undefined;
  /** Requests that are begun in the turns to come. */
  private readonly waiting: [IncomingMessage, ServerResponse][] = [];
  private isInTurn = false;
  /** Since when requests are begun in it; `Infinity`: not yet. */
  private turnSinceMs = 0;
  /** Connections, ever; and before the last turn. */
  private letIn = 0;
  private letInBefore = 0;
  private lettingInSinceMs: number | null = null;
  /** Requests of a connection that wait for the replies to those before them. */
  private readonly held = new WeakMap<Socket, number>();

  constructor(
    private readonly underWay: RequestsUnderWay,
    private readonly limits: LoadLimits,
    private readonly refusal: FixedReply,
    private readonly logger: Logger,
  ) {}

  /** For Fastify, which leaves it to the factory of its server to heed the options of that. */
  readonly serverFactory: FastifyServerFactory = (handle, options): Server => {
    const { http, keepAliveTimeout, requestTimeout, connectionTimeout, maxRequestsPerSocket } =
      options as FastifyHttpOptions<Server>;
    this.handle = handle;
    const server = createServer({ ...http, keepAliveTimeout, requestTimeout }, (request, response) => {
      // Node.js gives a response its connection once all replies before it have left
      if (response.socket !== null) this.take(request, response);
      else this.hold(request, response);
    });
    server.on('connection', () => this.letIn++);
    server.setTimeout(connectionTimeout);
    server.maxRequestsPerSocket = maxRequestsPerSocket ?? 0;
    return server;
  };

  /** Call it before any route is added. */
  track(fastify: FastifyInstance): void {
    fastify.addHook('preValidation', ({ id, url }, reply, done) => {
      // Bodies of many requests may have arrived in the same moment
      const hasJustArrived = reply.underWay?.phase === 'arriving' && !reply.sent;
      if (!hasJustArrived || !this.isFull || EXEMPT.test(url)) return done();
      this.refused++;
      const { status, headers, body } = this.refusal;
      void reply.code(status).headers(headers(id)).send(body);
    });
    const report = setInterval(() => this.report(), LOG_INTERVAL_MS).unref();
    fastify.addHook('onClose', (_instance, done) => {
      clearInterval(report);
      this.report();
      done();
    });
  }

  private get isFull(): boolean {
    return this.underWay.working + this.waiting.length >= this.limits.maxRequests;
  }

  /**
   * What has arrived on many connections is read in one turn of the event loop, and SQLite answers at once: a turn would take as long as
   * all of them together, and nobody else would even be let in meanwhile. Where connections come all the time, a turn here is many of those.
   */
  private take(request: IncomingMessage, response: ServerResponse): void {
    if (EXEMPT.test(request.url!)) this.handle(request, response);
    else if (this.isFull) this.refuse(request, response);
    else if (this.isTurnOver()) this.waiting.push([request, response]);
    else this.handle(request, response);
  }

  private isTurnOver(): boolean {
    const now = performance.now();
    if (!this.isInTurn) {
      this.isInTurn = true;
      this.turnSinceMs = now;
      setImmediate(this.endTurn);
    }
    return this.waiting.length > 0 || now - this.turnSinceMs > TURN_MS;
  }

  private readonly endTurn = (): void => {
    const hasLetIn = this.letIn !== this.letInBefore;
    this.letInBefore = this.letIn;
    if (hasLetIn) {
      const now = performance.now();
      this.lettingInSinceMs ??= now;
      // Until nobody waits in front of the door, whose queue is short
      if (this.waiting.length === 0 || now - this.lettingInSinceMs < LETTING_IN_MS) {
        setImmediate(this.endTurn);
        return;
      }
    }
    this.lettingInSinceMs = null;
    const count = Math.min(this.waiting.length, BEGUN_PER_TURN);
    this.isInTurn = count > 0;
    if (!this.isInTurn) return;
    this.turnSinceMs = Infinity;
    // Each by itself: what it has the promises do comes behind it
    for (let i = 0; i < count; i++) setImmediate(this.beginNext);
    setImmediate(this.endTurn);
  };

  private readonly beginNext = (): void => {
    const now = performance.now();
    // One in each turn, however long it took to read what has arrived
    if (this.turnSinceMs === Infinity) this.turnSinceMs = now;
    if (now - this.turnSinceMs > TURN_MS) return;
    const [request, response] = this.waiting.shift()!;
    if (!request.socket.destroyed) this.handle(request, response);
  };

  /**
   * One request of a connection at a time: a reply is not even made before the one before it was read. Whoever sends many at once has the
   * others wait unread, and where that is of no use, since they came in one piece, is not listened to any more.
   */
  private hold(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    // What came in the same piece is still told
    if (socket.destroyed) return;
    const held = (this.held.get(socket) ?? 0) + 1;
    this.held.set(socket, held);
    if (held > this.limits.maxHeldRequests) {
      socket.destroy();
      return;
    }
    socket.pause();
    response.once('socket', () => {
      const left = this.held.get(socket)! - 1;
      this.held.set(socket, left);
      if (left === 0) socket.resume();
      // Node.js is still busy with it
      process.nextTick(() => this.take(request, response));
    });
  }

  private refuse({ method }: IncomingMessage, response: ServerResponse): void {
    this.refused++;
    if (refusals.hasSubscribers) {
      refusals.publish({ method: method!, route: undefined, code: 'temporarily_unavailable', fields: [] });
    }
    response.writeHead(this.refusal.status, this.refusal.headers(randomUUID())).end(this.refusal.body);
  }

  private report(): void {
    if (this.refused === 0) return;
    this.logger.warn({ refused: this.refused }, 'More was asked for than could be done.');
    this.refused = 0;
  }
}
