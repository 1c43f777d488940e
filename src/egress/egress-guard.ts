import { Resolver } from 'node:dns/promises';
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { Inject, Injectable, Optional } from '@nestjs/common';
import { isGlobalUnicast } from '../addresses/global-unicast.js';
import { countedFor } from '../addresses/networks.js';
import { CONFIG, type Config } from '../config/variables.js';
import { RegistryError } from '../errors/registry-error.js';
import { isLoopback, knownUrl, readUrl } from '../policy/uris/uri.js';
import { ConcurrencyLimit } from '../queues/concurrency-limit.js';
import { getFrom, getThrough, hostOf, siteOf } from './connection.js';
import { EgressError } from './egress-error.js';

/** Fetches at once for anonymous clients, and as many for all others. */
const MAX_FETCHES = 50;
/** Of those, from one site, and from one address: one server may have any number of names. */
const MAX_FETCHES_OF_SERVER = 20;

const newSlots = () => ({
  fetches: new ConcurrencyLimit(MAX_FETCHES),
  ofServer: new ConcurrencyLimit(MAX_FETCHES_OF_SERVER),
});

/** Of a name, all attempts together. An attempt takes half of it: a packet can be lost. */
const DNS_TIMEOUT_MS = 1500;

/** Statuses whose replies have no body (RFC 9110 §6.4.1). */
const NO_BODY: readonly (number | undefined)[] = [204, 205, 304];

/** All addresses of a host name. */
export type Resolve = (hostname: string) => Promise<string[]>;

/** What bounds one fetch. */
export interface FetchLimits {
  maxBytes: number;
  /** From the call to the last byte, DNS and a slow body included. */
  timeoutMs: number;
  /** Whether an anonymous client named the URL. Its fetches count separately: they cannot take the place of others. */
  isAnonymous: boolean;
  /** The media types to ask for. The reply may have another. */
  accept: string;
}

/**
 * Fetches URLs that a caller named. It must not reach what only this machine can reach (server-side request forgery), so it connects
 * to global unicast addresses only, and to the address that was checked.
 */
@Injectable()
export class EgressGuard {
  private readonly slots = { anonymous: newSlots(), known: newSlots() };

  /** @param resolve for tests */
  constructor(
    @Inject(CONFIG) private readonly config: Pick<Config, 'production' | 'httpsProxy'>,
    @Optional() private readonly resolve: Resolve = resolveByDns,
  ) {}

  /**
   * Sends a GET without credentials and follows no redirect. The body of the reply is complete.
   * @throws EgressError if the URL is rejected, or its server fails
   * @throws RegistryError `temporarily_unavailable` if too many others are in progress
   */
  async fetch(url: string, limits: FetchLimits): Promise<Response> {
    const target = this.parse(url);
    const deadline = AbortSignal.timeout(limits.timeoutMs);
    try {
      const { fetches, ofServer } = this.slots[limits.isAnonymous ? 'anonymous' : 'known'];
      const get = () => this.get(target, limits, deadline, ofServer);
      const reply = fetches.run('all', () => ofServer.run(siteOf(target), get));
      return await until(deadline, reply);
    } catch (error) {
      if (error instanceof EgressError || error instanceof RegistryError) throw error;
      const { code = 'an invalid reply' } = error as NodeJS.ErrnoException;
      const reason = deadline.aborted ? `no complete reply within ${limits.timeoutMs} ms` : code;
      throw new EgressError(`${target.origin} could not be fetched: ${reason}.`, { cause: error });
    }
  }

  private parse(url: string): URL {
    const target = readUrl(url);
    if (target === null) throw new EgressError('The URL is not an absolute URI.');
    if (target.username || target.password) throw new EgressError('The URL must not contain credentials.');
    if (target.protocol === 'https:' || (target.protocol === 'http:' && this.isOwnMachine(target))) {
      return target;
    }
    throw new EgressError('The URL must use https.');
  }

  /** Outside of production, developers run clients on their own machine. */
  private isOwnMachine(url: URL): boolean {
    return !this.config.production && isLoopback(url);
  }

  private async get(
    url: URL,
    { accept, maxBytes }: FetchLimits,
    signal: AbortSignal,
    ofServer: ConcurrencyLimit,
  ): Promise<Response> {
    const headers = {
      accept,
      // A small reply may be large when it is decompressed
      'accept-encoding': 'identity',
      'user-agent': 'oauth-client-registry',
    };
    const proxy = this.isOwnMachine(url) ? null : this.config.httpsProxy;
    if (proxy !== null) {
      const reply = await getThrough(knownUrl(proxy), withoutBadAddress(url), { headers, signal });
      return readReply(reply, maxBytes);
    }
    const addresses = await this.addressesOf(url, signal);
    const network = countedFor(addresses[0]!).at(-1)!.key;
    return ofServer.run(network, async () =>
      readReply(await getFrom(url, addresses, { headers, signal }), maxBytes),
    );
  }

  /** @throws EgressError unless all are allowed: a name with an allowed and a denied address is an attack */
  private async addressesOf(url: URL, signal: AbortSignal): Promise<string[]> {
    const host = hostOf(url);
    if (this.isOwnMachine(url)) return host === 'localhost' ? ['127.0.0.1', '::1'] : [host];
    if (isIP(hostOf(withoutBadAddress(url)))) return [host];
    const addresses = await until(signal, this.resolve(host));
    if (addresses.length === 0) throw new EgressError(`${host} has no address.`);
    if (!addresses.every(isGlobalUnicast)) throw notGlobal(host);
    return addresses;
  }
}

const notGlobal = (host: string) =>
  new EgressError(`${host} has an address that is not a public one of the Internet.`);

/** The URL; the parser has written every spelling of an address in the one way. */
function withoutBadAddress(url: URL): URL {
  const host = hostOf(url);
  if (isLoopback(url) || (isIP(host) !== 0 && !isGlobalUnicast(host))) throw notGlobal(host);
  return url;
}

/**
 * By the DNS servers of the system. Unlike `dns.lookup` it reads no hosts file, takes no search domains, and occupies no thread that the
 * database needs while a server of the caller does not answer.
 */
async function resolveByDns(hostname: string): Promise<string[]> {
  const resolver = new Resolver({ timeout: DNS_TIMEOUT_MS / 2, tries: 2 });
  // The system may have several servers, each with its attempts
  const timer = setTimeout(() => resolver.cancel(), DNS_TIMEOUT_MS);
  const families = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)]);
  clearTimeout(timer);
  const addresses = families.flatMap((family) => (family.status === 'fulfilled' ? family.value : []));
  const [failure] = families.filter((family) => family.status === 'rejected');
  if (addresses.length === 0 && failure) throw failure.reason;
  return addresses;
}

/** @throws the reason of `signal` if that comes first */
function until<T>(signal: AbortSignal, result: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    result.then(resolve, reject);
    const abort = () => reject(signal.reason as Error);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
}

/** A server that was checked must not send us to one that was not. */
function refuseRedirect({ statusCode = 0 }: IncomingMessage): void {
  if (statusCode >= 300 && statusCode < 400 && statusCode !== 304) {
    throw new EgressError(`The server answered with a redirect (${statusCode}), which is not followed.`);
  }
}

function refuseEncoding({ headers: { 'content-encoding': encoding = 'identity' } }: IncomingMessage): void {
  if (encoding.toLowerCase() !== 'identity') {
    throw new EgressError('The server encoded the reply, although it was asked not to.');
  }
}

async function readReply(reply: IncomingMessage, maxBytes: number): Promise<Response> {
  try {
    refuseRedirect(reply);
    refuseEncoding(reply);
    const body = await readBody(reply, maxBytes);
    const { statusCode: status } = reply;
    return new Response(NO_BODY.includes(status) ? null : body, { status, headers: headersOf(reply) });
  } finally {
    reply.destroy();
  }
}

async function readBody(reply: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of reply as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) throw new EgressError(`The reply is larger than ${maxBytes} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function headersOf({ rawHeaders }: IncomingMessage): Headers {
  const headers = new Headers();
  for (let index = 0; index < rawHeaders.length; index += 2) {
    headers.append(rawHeaders[index]!, rawHeaders[index + 1]!);
  }
  return headers;
}
