import type { FastifyInstance, HTTPMethods } from 'fastify';
import { RegistryError } from '../errors/registry-error.js';

const METHODS: readonly HTTPMethods[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/**
 * Makes a known path answer 405 with `Allow` where it does not know the method (RFC 9110 §15.5.6); Fastify alone says 404.
 * Call it before any route is added, and the function that it returns after the last one was.
 */
export function refuseOtherMethods(fastify: FastifyInstance): () => void {
  const methodsOf = new Map<string, Set<string>>();
  fastify.addHook('onRoute', ({ url, method }) => {
    const methods = methodsOf.get(url) ?? new Set();
    for (const each of [method].flat()) methods.add(each);
    methodsOf.set(url, methods);
  });
  return () => {
    for (const [url, methods] of [...methodsOf]) {
      const allow = [...methods];
      const others = METHODS.filter((method) => !methods.has(method));
      // A path that takes anything, such as the catch-all of static files, has nothing to refuse
      if (url.includes('*') || others.length === 0) continue;
      fastify.route({
        url,
        method: others,
        exposeHeadRoute: false,
        handler: (request) => {
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
