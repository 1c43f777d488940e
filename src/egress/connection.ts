import { type IncomingMessage, request as requestHttp, type RequestOptions } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type LookupFunction, type Socket, type TcpNetConnectOpts } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { EgressError } from './egress-error.js';

/** Time for one address before the next one is tried (RFC 8305 §5). The default of Node.js is shorter than many round trips. */
const CONNECTION_ATTEMPT_MS = 1000;

/** What of a URL's host a resolver, a certificate and a socket call by its name: without brackets, without the dot of the root. */
export const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[|\]$|\.$/g, '');

/**
 * Hosts that one party is likely to control: names below the same two last labels, as those of one DNS server usually are, and all
 * addresses, which cost nothing. A name of a public suffix with two labels (`co.uk`) is not told from others below it.
 */
export function siteOf(url: URL): string {
  const host = hostOf(url);
  return isIP(host) ? 'an address' : host.split('.').slice(-2).join('.');
}

const requestTo = ({ protocol }: URL) => (protocol === 'https:' ? requestHttps : requestHttp);

/** Certificates are verified regardless of NODE_TLS_REJECT_UNAUTHORIZED. */
const VERIFIED = { rejectUnauthorized: true };

/** Sends a GET by a connection to one of `addresses`; the host is not resolved again. */
export function getFrom(
  url: URL,
  addresses: readonly string[],
  options: Pick<RequestOptions, 'headers' | 'signal'>,
): Promise<IncomingMessage> {
  const found = addresses.map((address) => ({ address, family: isIP(address) }));
  const lookup: LookupFunction = (_host, { all }, done) => {
    const answer = () => (all ? done(null, found) : done(null, found[0]!.address, found[0]!.family));
    // A connection may fail at once, for example without a route: Node.js listens to errors of the socket from the next tick on
    setImmediate(answer);
  };
  // A connection for this request alone
  return replyTo(url, {
    ...options,
    agent: false,
    lookup,
    autoSelectFamilyAttemptTimeout: CONNECTION_ATTEMPT_MS,
  });
}

/** Sends a GET to an https URL through a tunnel of an HTTP proxy, which resolves the host. */
export async function getThrough(
  proxy: URL,
  url: URL,
  options: Pick<RequestOptions, 'headers' | 'signal'>,
): Promise<IncomingMessage> {
  const socket = await tunnel(proxy, url, options.signal);
  const host = hostOf(url);
  const createConnection = () =>
    // RFC 6066 §3: no addresses as server names
    connectTls({ ...VERIFIED, socket, host, servername: isIP(host) ? '' : host });
  return replyTo(url, { ...options, createConnection });
}

type ConnectionOptions = RequestOptions & Pick<TcpNetConnectOpts, 'autoSelectFamilyAttemptTimeout'>;

function replyTo(url: URL, options: ConnectionOptions): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    requestTo(url)(url, { ...VERIFIED, ...options })
      .once('response', resolve)
      .once('upgrade', (_reply, socket: Socket) => {
        socket.destroy();
        reject(new EgressError(`${url.origin} switched protocols.`));
      })
      // More than one if the connection fails after the reply has begun: its body fails, too
      .on('error', reject)
      .on('socket', (socket) => socket.on('error', reject))
      // In some cases the only event, even when the signal aborts
      .once('close', () => reject(new EgressError(`${url.origin} closed the connection without a reply.`)))
      .end();
  });
}

/** RFC 9110 §9.3.6 */
function tunnel(proxy: URL, url: URL, signal?: AbortSignal): Promise<Socket> {
  const authority = `${url.hostname}:${url.port || 443}`;
  return new Promise((resolve, reject) => {
    requestTo(proxy)({
      ...VERIFIED,
      agent: false,
      hostname: hostOf(proxy),
      port: proxy.port,
      method: 'CONNECT',
      path: authority,
      headers: { host: authority, ...credentialsOf(proxy) },
      signal,
    })
      .once('connect', ({ statusCode }, socket: Socket) => {
        socket.on('error', reject);
        if (statusCode === 200) return resolve(socket);
        socket.destroy();
        reject(new EgressError(`The proxy answered CONNECT with the status ${statusCode}.`));
      })
      .on('error', reject)
      .once('close', () => reject(new EgressError('The proxy closed the connection without a reply.')))
      .end();
  });
}

function credentialsOf({ username, password }: URL): { 'proxy-authorization'?: string } {
  if (username === '') return {};
  const pair = [username, password].map(decodeURIComponent).join(':');
  return { 'proxy-authorization': `Basic ${Buffer.from(pair).toString('base64')}` };
}
