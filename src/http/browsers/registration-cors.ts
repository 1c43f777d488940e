import type { FastifyInstance } from 'fastify';
import { type Config, isAuthorizationServerOn } from '../../config/variables.js';
import { AUTHORIZATION_SERVER_PATHS, REGISTRATION_PATH } from '../../config/paths.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Read by @fastify/cors. */
    cors?: false;
  }
}

/** How long browsers cache a preflight; Chromium caps it at two hours. */
const MAX_AGE_SECONDS = 7200;

/**
 * Lets pages of other origins register software, as browser-based MCP tools do, get tokens for it, and use nothing else. Without credentials
 * mode: no credential that a browser adds by itself is accepted here.
 */
export async function allowBrowsersToRegister(fastify: FastifyInstance, config: Config): Promise<void> {
  const { registrationCorsOrigins: origins } = config;
  if (origins === null) return;
  const { default: cors } = await import('@fastify/cors');
  const paths = [
    ...REGISTRATION_PARTS.map((part) => `/${REGISTRATION_PATH}${part}`),
    ...(isAuthorizationServerOn(config) ? AUTHORIZATION_SERVER_PATHS : []),
  ];
  fastify.addHook('onRoute', (route) => {
    if (paths.includes(route.url)) return;
    route.config = { ...route.config, cors: false };
  });
  await fastify.register(cors, {
    origin: origins === '*' ? '*' : [...origins],
    methods: ['GET', 'POST', 'PUT', 'DELETE'],
    // By default all requested headers are allowed, such as those of tracing
    exposedHeaders: ['RateLimit', 'RateLimit-Policy', 'Retry-After', 'WWW-Authenticate', 'X-Request-Id'],
    maxAge: MAX_AGE_SECONDS,
    // An OPTIONS that is not a preflight gets the same answer
    strictPreflight: false,
  });
  for (const path of paths) {
    // The hook of the library has answered before
    fastify.options(path, (_request, reply) => reply.code(204).send());
  }
}

const REGISTRATION_PARTS = ['', '/:client_id', '/:client_id/secrets', '/:client_id/secrets/:secret_id'];
