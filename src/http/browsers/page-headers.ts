import type { FastifyInstance, onRequestHookHandler } from 'fastify';
import helmet from 'helmet';
import { CONSOLE_PATH, DOCS_PATH, GRAPHQL_PATH } from '../../config/paths.js';
import { onRequestOf } from '../requests/route-hook.js';

type Directives = Record<string, string[]>;
type Protect = ReturnType<typeof helmet>;

/** HSTS is set by the proxy that terminates TLS. */
export const protectBy = (directives: Directives): Protect =>
  helmet({
    contentSecurityPolicy: { useDefaults: false, directives },
    strictTransportSecurity: false,
    xFrameOptions: { action: 'deny' },
  });

/** The documentation and the explorer load what is served here, and talk to this service. Both bring inline styles. */
const protectTool = protectBy({
  defaultSrc: ["'none'"],
  scriptSrc: ["'self'"],
  styleSrc: ["'self'", "'unsafe-inline'"],
  imgSrc: ["'self'", 'data:'],
  fontSrc: ["'self'", 'data:'],
  connectSrc: ["'self'"],
  workerSrc: ["'self'"],
  frameSrc: ["'self'"],
  manifestSrc: ["'self'"],
  baseUri: ["'self'"],
  formAction: ["'none'"],
  frameAncestors: ["'none'"],
});

/** The console brings nothing inline, and shows no picture of anyone else: an operator's browser asks no other host for anything. */
const protectConsole = protectBy({
  defaultSrc: ["'none'"],
  scriptSrc: ["'self'"],
  styleSrc: ["'self'"],
  imgSrc: ["'self'", 'data:'],
  connectSrc: ["'self'"],
  fontSrc: ["'self'"],
  frameAncestors: ["'none'"],
  baseUri: ["'none'"],
  formAction: ["'self'"],
});

const PAGES: [path: string, protect: Protect][] = [
  [DOCS_PATH, protectTool],
  [GRAPHQL_PATH, protectTool],
  [CONSOLE_PATH, protectConsole],
];

/** Keeps pages from doing or being used for anything that they are not there for. */
export function protectPages(fastify: FastifyInstance): void {
  fastify.addHook('onRoute', (route) => {
    const [, protect] = PAGES.find(([path]) => route.url === path || route.url.startsWith(`${path}/`)) ?? [];
    const isRead = [route.method].flat().some((method) => method === 'GET' || method === 'HEAD');
    if (protect && isRead) onRequestOf(route, protectPage(protect));
  });
}

const protectPage =
  (protect: Protect): onRequestHookHandler =>
  (request, reply, done) => {
    if (request.method === 'POST') done();
    else protect(request.raw, reply.raw, done as (error?: unknown) => void);
  };
