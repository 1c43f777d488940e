import type { onRequestAsyncHookHandler, onRequestHookHandler, RouteOptions } from 'fastify';

/** Has `hook` called before anything else is done with a request to `route`, but after what is done for all routes. */
export function onRequestOf(
  route: RouteOptions,
  hook: onRequestHookHandler | onRequestAsyncHookHandler,
): void {
  route.onRequest = [route.onRequest ?? [], hook].flat();
}
