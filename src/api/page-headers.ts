import type { FastifyInstance, onRequestHookHandler } from 'fastify';
import helmet from 'helmet';
import { GRAPHQL_PATH } from './paths.js';
import { onRequestOf } from './route-hook.js';

const PAGES = ['/docs', GRAPHQL_PATH];

/**
 * What the documentation and the explorer may do: load what is served here, and talk to this service. Both bring inline
 * styles and images in `data:` URIs. Whether a browser has to use TLS is for whoever terminates it to say.
 */
const protect = helmet({
  contentSecurityPolicy: {
    useDefaults: false,
    directives: {
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
    },
  },
  strictTransportSecurity: false,
  xFrameOptions: { action: 'deny' },
});

/**
 * Keeps browsers from taking a reply for another type than it says, and pages from doing or being used for anything that they
 * are not there for. Call it before any route is added.
 */
export function protectBrowsers(fastify: FastifyInstance): void {
  fastify.addHook('onRequest', (_request, reply, done) => {
    reply.header('x-content-type-options', 'nosniff');
    done();
  });
  fastify.addHook('onRoute', (route) => {
    const isPage = PAGES.some((page) => route.url === page || route.url.startsWith(`${page}/`));
    if (isPage && route.method.includes('GET')) onRequestOf(route, protectPage);
  });
}

const protectPage: onRequestHookHandler = (request, reply, done) => {
  if (request.method === 'POST') done();
  else protect(request.raw, reply.raw, done as (error?: unknown) => void);
};
