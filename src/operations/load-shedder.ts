import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { FastifyHttpOptions, FastifyInstance, FastifyServerFactory } from 'fastify';
import type { Logger } from 'pino';
import { refusals } from '../diagnostics/channels.js';

/** Whoever is to know how the service does is answered however much there is to do. */
const EXEMPT = /^\/health\//;
/** A line for each refusal would be work too. */
const LOG_INTERVAL_MS = 10_000;

declare module 'fastify' {
  interface FastifyReply {
    /** Whether its request counts as worked on. */
    isWorkedOn: boolean;
  }
}

/** A reply that is always the same, but for the id of the request. */
export interface FixedReply {
  status: number;
  headers: (requestId: string) => Record<string, string>;
  body: string;
}

/**
 * Refuses requests while as many as may be are worked on, so that those get their answers in time. A request counts from when its
 * body has arrived until its handler is done: who sends slowly takes nobody's place, and who hangs up makes no room for another.
 *
 * It stands in front of Fastify: there, a refusal takes a quarter of the time of a registration, and a twentieth here (ADR 11).
 */
export class LoadShedder {
  /** A number: a set of replies would keep some of them for long (ADR 8). */
  private workedOn = 0;
  private refused = 0;

  /** @param max requests that are worked on at a time */
  constructor(
    private readonly max: number,
    private readonly refusal: FixedReply,
    private readonly logger: Logger,
  ) {}

  /** For Fastify, which leaves it to the factory of its server to heed the options of that. */
  readonly serverFactory: FastifyServerFactory = (handle, options): Server => {
    const { http, keepAliveTimeout, requestTimeout, connectionTimeout, maxRequestsPerSocket } =
      options as FastifyHttpOptions<Server>;
    const server = createServer({ ...http, keepAliveTimeout, requestTimeout }, (request, response) => {
      if (this.isFull && !EXEMPT.test(request.url!)) this.refuse(request, response);
      else handle(request, response);
    });
    server.setTimeout(connectionTimeout);
    server.maxRequestsPerSocket = maxRequestsPerSocket ?? 0;
    return server;
  };

  /** Counts what is worked on. Call it before any route is added. */
  track(fastify: FastifyInstance): void {
    fastify.decorateReply('isWorkedOn', false);
    fastify.addHook('preValidation', (_request, reply, done) => {
      // What was given up while it still arrived is over already
      if (!reply.sent) {
        reply.isWorkedOn = true;
        this.workedOn++;
      }
      done();
    });
    // Of a caller who hung up, too: when there would be something to send
    fastify.addHook('onSend', (_request, reply, _payload, done) => {
      if (reply.isWorkedOn) {
        reply.isWorkedOn = false;
        this.workedOn--;
      }
      done();
    });
    const report = setInterval(() => this.report(), LOG_INTERVAL_MS).unref();
    fastify.addHook('onClose', (_instance, done) => {
      clearInterval(report);
      this.report();
      done();
    });
  }

  private get isFull(): boolean {
    return this.workedOn >= this.max;
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
