import { METHODS } from 'node:http';
import type { FastifyContextConfig, FastifyInstance, HTTPMethods, onRequestHookHandler } from 'fastify';
import { AUTHORIZATION_PATH, CONSENT_PATH, LOGIN_CALLBACK_PATH } from '../../config/paths.js';
import { RegistryError } from '../../errors/registry-error.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** For a route with a wildcard: whether the rest of a path exists. Undefined: every path exists. */
    hasPath?: (rest: string) => boolean;
  }
}

/** Every method that Node reads, but CONNECT, which asks for a tunnel and never reaches a router. */
const ROUTED_METHODS = METHODS.filter((method) => method !== 'CONNECT') as HTTPMethods[];

/** Paths whose GET uses something up. Fastify would answer HEAD as GET, with the same effect. */
const WITHOUT_HEAD = [AUTHORIZATION_PATH, CONSENT_PATH, LOGIN_CALLBACK_PATH];

const allowedOf = (methods: ReadonlySet<string>, url: string) =>
  [...methods].filter((method) => method !== 'HEAD' || !WITHOUT_HEAD.includes(url));

const notAllowed = (method: string, allow: readonly string[]) =>
  new RegistryError('method_not_allowed', `${method} is not supported here; ${allow.join(', ')} is.`, {
    allow,
  });

/** What a path has, by the pattern of its route. */
interface KnownPath {
  methods: Set<string>;
  hasPath: FastifyContextConfig['hasPath'];
}

/** Whether a request to the rest of a path, which its wildcard stands for, finds something. */
const exists = ({ hasPath }: KnownPath, rest = '') => hasPath?.(rest) !== false;

/**
 * Makes a known path answer 405 with `Allow` if it does not know the method (RFC 9110 §15.5.6); Fastify alone says 404.
 * Call it before any route is added, and the function that it returns after the last one was.
 */
export function rejectOtherMethods(fastify: FastifyInstance): () => void {
  const usual = ROUTED_METHODS.filter((method) => fastify.supportedMethods.includes(method));
  const unusual = ROUTED_METHODS.filter((method) => !usual.includes(method));
  for (const method of unusual) fastify.addHttpMethod(method);
  const routes = new Map<string, KnownPath>();
  let isComplete = false;
  fastify.addHook('onRoute', (route) => {
    const { url, method, config } = route;
    // Every path, for the sake of preflights (registration-cors.ts): not one that is known
    if (url === '*' || isComplete) return;
    const { methods } = routes.get(url) ?? { methods: new Set() };
    if (method === 'HEAD' && WITHOUT_HEAD.includes(url)) {
      const reject: onRequestHookHandler = (_request, _reply, done) =>
        done(notAllowed(method, allowedOf(methods, url)));
      route.onRequest = [route.onRequest ?? [], reject].flat();
    }
    for (const each of [method].flat()) methods.add(each);
    routes.set(url, { methods, hasPath: config?.hasPath });
  });
  return () => {
    isComplete = true;
    for (const [url, known] of routes) {
      const others = usual.filter((method) => !known.methods.has(method));
      if (others.length === 0) continue;
      fastify.route<WithWildcard>({
        url,
        method: others,
        exposeHeadRoute: false,
        handler: ({ method, params }, reply) => {
          if (!exists(known, params['*'])) return reply.callNotFound();
          throw notAllowed(method, allowedOf(known.methods, url));
        },
      });
    }
    // One route for all paths: two thousand routes of their own would take a seventh of the start
    const paths = [...routes].map(([url, known]) => ({ url, known, pattern: patternOf(url) }));
    fastify.route<WithWildcard>({
      url: '*',
      method: unusual,
      handler: ({ method, params }, reply) => {
        const path = params['*']!;
        const found =
          paths.find(({ url }) => url === path) ??
          paths.find(({ pattern, known }) => {
            const match = pattern.exec(path);
            return match !== null && exists(known, match.groups?.rest);
          });
        if (found === undefined) return reply.callNotFound();
        throw notAllowed(method, allowedOf(found.known.methods, found.url));
      },
    });
  };
}

interface WithWildcard {
  Params: { '*'?: string };
}

/** What the router finds by the path of a route. */
const patternOf = (url: string) => {
  const pattern = url.replaceAll('.', '\\.').replace('*', '(?<rest>.*)').replaceAll(/:\w+/g, '[^/]*');
  return new RegExp(`^${pattern}$`, 's');
};
