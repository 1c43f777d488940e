import { METHODS } from 'node:http';
import type { FastifyContextConfig, FastifyInstance, HTTPMethods } from 'fastify';
import { RegistryError } from '../../errors/registry-error.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** For a route with a wildcard: whether the rest of a path exists. Undefined: every path exists. */
    hasPath?: (rest: string) => boolean;
  }
}

/** Every method that Node reads, but CONNECT, which asks for a tunnel and never reaches a router. */
const ROUTED_METHODS = METHODS.filter((method) => method !== 'CONNECT') as HTTPMethods[];

/**
 * Makes a known path answer 405 with `Allow` if it does not know the method (RFC 9110 §15.5.6); Fastify alone says 404.
 * Call it before any route is added, and the function that it returns after the last one was.
 */
export function rejectOtherMethods(fastify: FastifyInstance): () => void {
  for (const method of ROUTED_METHODS) {
    if (!fastify.supportedMethods.includes(method)) fastify.addHttpMethod(method);
  }
  const routes = new Map<string, { methods: Set<string>; hasPath: FastifyContextConfig['hasPath'] }>();
  fastify.addHook('onRoute', ({ url, method, config }) => {
    // Every path, for the sake of preflights (registration-cors.ts): not one that is known
    if (url === '*') return;
    const { methods } = routes.get(url) ?? { methods: new Set() };
    for (const each of [method].flat()) methods.add(each);
    routes.set(url, { methods, hasPath: config?.hasPath });
  });
  return () => {
    for (const [url, { methods, hasPath }] of [...routes]) {
      const allow = [...methods];
      const others = ROUTED_METHODS.filter((method) => !methods.has(method));
      if (others.length === 0) continue;
      fastify.route({
        url,
        method: others,
        exposeHeadRoute: false,
        handler: (request, reply) => {
          const { '*': rest = '' } = request.params as { '*'?: string };
          if (hasPath?.(rest) === false) return reply.callNotFound();
          throw new RegistryError(
            'method_not_allowed',
            `${request.method} is not supported here; ${allow.join(', ')} is.`,
            { allow },
          );
        },
      });
    }
  };
}
