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
import { rejections } from '../../diagnostics/channels.js';
import { OVERLOADED } from '../errors/error.filter.js';
import { doInTurn, doUrgently, noteConnection, rejectInTurn } from '../../event-loop/turns.js';
import type { HttpLimits } from './limit-values.js';
import { boundParsing } from './parser-limits.js';
import type { InFlightRequests } from './in-flight-requests.js';

/** Health checks are answered under any load. */
const EXEMPT = /^\/health\//;
/** A line for each rejection would be work too. */
const LOG_INTERVAL_MS = 10_000;

/**
 * Rejects requests while the maximum number is worked on, so that those are answered in time. It precedes Fastify, where a
 * rejection takes five times as long (ADR 11).
 */
export class LoadShedder {
  private rejected = 0;
  /** Connections with too many requests, header fields or chunks at once. */
  private closed = 0;
  private brokenOffBefore = 0;
  private handle: RequestListener = () => undefined;
  /** Requests that wait for the replies to those before them on their connection: of each connection, and of all. */
  private readonly heldOf = new WeakMap<Socket, number>();
  private held = 0;

  constructor(
    private readonly inFlight: InFlightRequests,
    private readonly limits: HttpLimits,
    private readonly logger: Logger,
  ) {}

  /** For Fastify, whose options of its server are those below `http` alone. */
  readonly serverFactory: FastifyServerFactory = (handle, options): Server => {
    this.handle = handle;
    const { http } = options as FastifyHttpOptions<Server>;
    const server = createServer({ ...http }, (request, response) => {
      // Node.js gives a response its connection once all replies before it have left
      if (response.socket !== null) this.take(request, response);
      else this.hold(request, response);
    });
    server.on('connection', (socket) => {
      noteConnection();
      // Reset before it was accepted: no caller waits, and its address is unknown
      if (socket.remoteAddress === undefined) {
        socket.destroy();
        return;
      }
      boundParsing(socket, () => this.closed++);
      socket.once('close', () => this.count(socket, -(this.heldOf.get(socket) ?? 0)));
    });
    return server;
  };

  /** Call it before any route is added. */
  track(fastify: FastifyInstance): void {
    fastify.addHook('preValidation', ({ id, url }, reply, done) => {
      // Bodies of many requests may have arrived in the same moment
      const { inFlight } = reply;
      const hasJustArrived = inFlight?.phase === 'arriving' && !reply.sent;
      if (!hasJustArrived || !this.inFlight.workload.isFullFor(inFlight.caller) || EXEMPT.test(url))
        return done();
      this.rejected++;
      void reply.code(OVERLOADED.status).headers(OVERLOADED.headers(id)).send(OVERLOADED.body);
    });
    const report = setInterval(() => this.report(), LOG_INTERVAL_MS).unref();
    fastify.addHook('onClose', (_instance, done) => {
      clearInterval(report);
      this.report();
      done();
    });
  }

  private take(request: IncomingMessage, response: ServerResponse): void {
    if (request.socket.destroyed) return;
    const { workload } = this.inFlight;
    const caller = this.inFlight.callerOf(request);
    const handle = () => {
      if (!request.socket.destroyed) this.handle(request, response);
    };
    if (EXEMPT.test(request.url!)) {
      doUrgently(caller, handle);
      return;
    }
    if (workload.isFullFor(caller)) {
      rejectInTurn(caller, () => this.reject(request, response));
      return;
    }
    workload.count(caller, 1);
    doInTurn(caller, () => {
      workload.count(caller, -1);
      handle();
    });
  }

  /**
   * One request of a connection at a time: a reply is not created before the previous one was read. Later requests are held and the
   * connection is paused. A connection is closed if it, or all together, hold too many.
   */
  private hold(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    const held = this.count(socket, 1);
    if (held > this.limits.maxHeldRequests || this.held > this.limits.maxHeldRequestsTogether) {
      this.closed++;
      socket.destroy();
      return;
    }
    socket.pause();
    response.once('socket', () => {
      if (this.count(socket, -1) === 0) socket.resume();
      // Node.js is still busy with it
      process.nextTick(() => this.take(request, response));
    });
  }

  /** @returns how many requests the connection holds now */
  private count(socket: Socket, change: number): number {
    const held = (this.heldOf.get(socket) ?? 0) + change;
    this.heldOf.set(socket, held);
    this.held += change;
    return held;
  }

  private reject({ method }: IncomingMessage, response: ServerResponse): void {
    this.rejected++;
    if (rejections.hasSubscribers) {
      rejections.publish({ method: method!, route: undefined, code: 'temporarily_unavailable', fields: [] });
    }
    response.writeHead(OVERLOADED.status, OVERLOADED.headers(randomUUID())).end(OVERLOADED.body);
  }

  private report(): void {
    const { rejected, closed } = this;
    const brokenOff = this.inFlight.brokenOff - this.brokenOffBefore;
    if (rejected + closed + brokenOff === 0) return;
    this.logger.warn({ rejected, closed, brokenOff }, 'Requests exceeded the limits of this instance.');
    this.rejected = 0;
    this.closed = 0;
    this.brokenOffBefore += brokenOff;
  }
}
