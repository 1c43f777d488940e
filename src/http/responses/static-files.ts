import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { open } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import { extname, join, relative, sep } from 'node:path';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { RegistryError } from '../../errors/registry-error.js';

/** The options of a route that sends {@link StaticFiles} and other replies. */
export const STATIC_ROUTE = { config: { sharesReplies: true } };

/** Kept by browsers, but revalidated each time. */
const REVALIDATE = 'public, max-age=0';
/** Compressed variants that a build may write next to a file, the smallest first. */
const ENCODINGS = { br: '.br', gzip: '.gz' };
const TYPES: Partial<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.ico': 'image/x-icon',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.md': 'text/markdown; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml; charset=utf-8',
  '.txt': 'text/plain; charset=utf-8',
  '.woff': 'font/woff',
  '.woff2': 'font/woff2',
};

/** A representation (RFC 9110 §3.2), in memory. */
interface Loaded {
  body: Buffer;
  etag: string;
  /** In whole seconds, as in HTTP dates. */
  modifiedMs: number;
}

type Validators = Pick<Loaded, 'etag' | 'modifiedMs'>;

/**
 * The files of a directory, as they are when the service starts, each read into memory once: slow readers take up neither a file
 * descriptor nor a buffer. Only listed names are found, so that no path leads out of the directory.
 */
export class StaticFiles {
  private readonly names: ReadonlySet<string>;
  private readonly loaded = new Map<string, Promise<Loaded>>();

  constructor(private readonly directory: string) {
    this.names = new Set(existsSync(directory) ? namesIn(directory) : []);
  }

  /** Sends each of them at its path below `prefix`. There are no other paths there. */
  serve(fastify: FastifyInstance, prefix: string): void {
    const config = { ...STATIC_ROUTE.config, hasPath: (path: string) => this.has(path) };
    fastify.get<{ Params: { '*': string } }>(`${prefix}*`, { config }, (request, reply) =>
      this.send(request.params['*'], request, reply),
    );
  }

  has(name: string): boolean {
    return this.names.has(name);
  }

  /** @throws Error if the file cannot be read any more */
  load(name: string): Promise<Loaded> {
    let loading = this.loaded.get(name);
    if (loading === undefined) {
      loading = read(join(this.directory, name));
      this.loaded.set(name, loading);
      // The next request tries again
      loading.catch(() => this.loaded.delete(name));
    }
    return loading;
  }

  /** Answers with a file, or with what the conditions and the range of the request make of it (RFC 9110 §13 and §14). */
  async send(name: string, request: FastifyRequest, reply: FastifyReply, cacheControl = REVALIDATE) {
    if (!this.has(name)) return reply.callNotFound();
    const variants = Object.entries(ENCODINGS).filter(([, extension]) => this.has(name + extension));
    const encoding = variants.find(([token]) => accepts(request.headers['accept-encoding'], token));
    const { body, ...validators } = await this.load(name + (encoding?.[1] ?? ''));
    if (variants.length > 0) void reply.header('vary', 'accept-encoding');
    const isModified = checkConditions(request.headers, validators);
    void reply.headers({
      'cache-control': cacheControl,
      etag: validators.etag,
      'last-modified': new Date(validators.modifiedMs).toUTCString(),
      'accept-ranges': 'bytes',
    });
    if (!isModified) return reply.code(304).send();
    if (encoding) void reply.header('content-encoding', encoding[0]);
    void reply.type(TYPES[extname(name)] ?? 'application/octet-stream');
    const { range } = request.headers;
    if (range === undefined || request.method !== 'GET' || !isRangeWanted(request.headers, validators)) {
      return reply.send(body);
    }
    const [from, to] = rangeOf(range, body.length) ?? [0, body.length];
    if (from === 0 && to === body.length) return reply.send(body);
    return reply
      .code(206)
      .header('content-range', `bytes ${from}-${to - 1}/${body.length}`)
      .send(body.subarray(from, to));
  }
}

/** Relative to the directory; nothing that is hidden. */
const namesIn = (directory: string): string[] =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)))
    .map((name) => name.split(sep).join('/'))
    .filter((name) => !/(?:^|\/)\./.test(name));

async function read(path: string): Promise<Loaded> {
  const file = await open(path);
  try {
    const { mtimeMs } = await file.stat();
    const body = await file.readFile();
    return {
      body,
      etag: `"${createHash('sha256').update(body).digest('base64url')}"`,
      modifiedMs: Math.floor(mtimeMs / 1_000) * 1_000,
    };
  } finally {
    await file.close();
  }
}

/** Of a list in a header. The others are ignored: a header has room for 15,000 of them, and each takes time. */
const MAX_ENTRIES = 100;

/** Whether an `Accept-Encoding` names the encoding, or any, without a weight of 0. */
function accepts(header: string | string[] | undefined, token: string): boolean {
  const weights = new Map(
    String(header ?? '')
      .toLowerCase()
      .split(',', MAX_ENTRIES)
      .map((part) => {
        const [name = '', weight = 'q=1'] = part.split(';', 2).map((text) => text.trim());
        return [name, Number(weight.slice(2))];
      }),
  );
  return (weights.get(token) ?? weights.get('*') ?? 0) > 0;
}

/**
 * In the order of RFC 9110 §13.2.2.
 * @returns whether the caller has another version, or none
 * @throws RegistryError `precondition_failed`
 */
function checkConditions(headers: IncomingHttpHeaders, { etag, modifiedMs }: Validators): boolean {
  const match = headers['if-match'];
  const unmodifiedSince = Date.parse(headers['if-unmodified-since'] ?? '');
  const isOther = match === undefined ? modifiedMs > unmodifiedSince : !namesTag(match, etag, false);
  if (isOther) {
    throw new RegistryError('precondition_failed', 'The file does not match the conditions of the request.');
  }
  // A reload is answered as if nothing was kept
  if (headers['cache-control']?.includes('no-cache')) return true;
  const noneMatch = headers['if-none-match'];
  if (noneMatch !== undefined) return !namesTag(noneMatch, etag, true);
  return !(modifiedMs <= Date.parse(headers['if-modified-since'] ?? ''));
}

/** Tags here hold no comma. */
const namesTag = (list: string, etag: string, isWeak: boolean): boolean =>
  list.trim() === '*' ||
  list.split(',', MAX_ENTRIES).some((tag) => (isWeak ? tag.trim().replace(/^W\//, '') : tag.trim()) === etag);

/** A part fits only what the caller has the rest of (RFC 9110 §13.1.5). */
function isRangeWanted(headers: IncomingHttpHeaders, { etag, modifiedMs }: Validators): boolean {
  const condition = headers['if-range'];
  if (condition === undefined) return true;
  return condition.includes('"')
    ? (condition as string).trim() === etag
    : Date.parse(condition as string) === modifiedMs;
}

/**
 * @returns where the one range begins and ends; undefined if the file is sent as a whole: several ranges, or another unit
 * @throws RegistryError `range_not_satisfiable`
 */
function rangeOf(header: string, length: number): [number, number] | undefined {
  const [, first, last] = /^bytes=\s*(\d*)-(\d*)\s*$/i.exec(header) ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined;
  const from = first === '' ? Math.max(0, length - Number(last)) : Number(first);
  const to = first === '' || last === '' ? length : Math.min(length, Number(last) + 1);
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined;
  if (from < to) return [from, to];
  throw new RegistryError('range_not_satisfiable', 'The range starts after the end of the file.', {
    fileLength: length,
  });
}
