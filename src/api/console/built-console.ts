import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { CONSOLE_PATH } from '../../config/paths.js';
import { STATIC_ROUTE, StaticFiles } from '../../http/responses/static-files.js';

/** The output of `npm run build` for the console. */
const BUILT_CONSOLE = join(dirname(createRequire(import.meta.url).resolve('#package.json')), 'dist/console');
const PAGE = 'index.html';
/** Files with a content hash in their name. */
const HASHED = /^assets\//;
const FOR_EVER = 'public, max-age=31536000, immutable';
/** Revalidated on each use: a stale page would request files of an old build. */
const ASKED_AGAIN = 'no-cache';
const FILE = /\.\w+$/;

/** Whether the console is built. */
export const isConsoleBuilt = (directory: string = BUILT_CONSOLE) => existsSync(join(directory, PAGE));

/** From a page below the console root to the root. Browsers resolve it with the path as they have sent it: an escaped slash is none. */
function toRoot(url: string): string {
  const [path = ''] = url.replace(/^[^/]+:\/\/[^/]*/, '').split(/[?#]/, 1);
  return '../'.repeat(path.split('/').length - CONSOLE_PATH.split('/').length - 1) || './';
}

/** Serves the built files, and the single page at every other path for client-side routing. */
export function serveConsole(fastify: FastifyInstance, directory: string = BUILT_CONSOLE): void {
  const files = new StaticFiles(directory);
  const page = files.has(PAGE) ? readFileSync(join(directory, PAGE), 'utf8') : null;
  const sendPage = (reply: FastifyReply, root: string) => {
    if (page === null) return reply.callNotFound();
    // The build output uses paths relative to the root, since a proxy may add a path prefix
    return reply
      .type('text/html; charset=utf-8')
      .header('cache-control', ASKED_AGAIN)
      .send(page.replaceAll('"./', `"${root}`));
  };
  fastify.get(CONSOLE_PATH, (_request, reply) => sendPage(reply, `.${CONSOLE_PATH}/`));
  fastify.get<{ Params: { '*': string } }>(`${CONSOLE_PATH}/*`, STATIC_ROUTE, (request, reply) => {
    const { '*': path } = request.params;
    if (path.includes('\0')) return reply.callNotFound();
    if (!FILE.test(path)) return sendPage(reply, toRoot(request.url));
    return files.send(path, request, reply, HASHED.test(path) ? FOR_EVER : ASKED_AGAIN);
  });
}
