import { isLoopback, parseUri } from './uri.js';

export const MAX_REDIRECT_URIS = 50;

/** Schemes that a browser runs, reads locally, connects with or hands to just any program: a code sent there is lost. */
const REFUSED_SCHEMES: readonly string[] = [
  'javascript',
  'data',
  'vbscript',
  'file',
  'filesystem',
  'blob',
  'about',
  'view-source',
  'ws',
  'wss',
  'ftp',
  'ftps',
  'chrome',
  'resource',
  'jar',
  'intent',
  'mailto',
];

const HOST_AND_PORT = /^[\w.-]+:\d+(?:[/?]|$)/;

/**
 * What is wrong with a redirect URI. It is later compared as a plain string (RFC 9700 §2.1), so it is stored as given
 * and everything that leaves room for two readings is refused.
 */
export function redirectUriFault(value: string): string | undefined {
  const url = parseUri(value);
  if (typeof url === 'string') return url;
  const scheme = url.protocol.slice(0, -1);
  // RFC 6749 §3.1.2
  if (value.includes('#')) return 'must not have a fragment (#)';
  // RFC 9700 §4.1: patterns turn one registered URI into an open set of them
  if (value.includes('*')) return 'must not contain a wildcard (*)';
  if (REFUSED_SCHEMES.includes(scheme)) {
    return `must not use the scheme ${scheme}; use https, http on loopback, or a private-use scheme`;
  }
  if (/^[^:]+:\/*$/.test(value)) return 'must not end after its scheme';
  // A forgotten http:// makes a private-use scheme of "localhost"
  if (HOST_AND_PORT.test(value)) return 'must begin with its scheme, such as https:// or http://';
  // RFC 8252 §8.3: plain http only where it does not leave the machine
  if (scheme === 'http' && !isLoopback(url)) {
    return 'must use https; http is for localhost, 127.0.0.0/8 and [::1] only';
  }
  return undefined;
}

/** What is wrong with a list of redirect URIs; each fault says which entry it is about. */
export function redirectUriFaults(uris: readonly string[]): string[] {
  if (uris.length > MAX_REDIRECT_URIS) return [`must have at most ${MAX_REDIRECT_URIS} URIs`];
  return uris.flatMap((uri, index) => {
    const fault = redirectUriFault(uri);
    return fault === undefined ? [] : [`entry ${index + 1} ${fault}`];
  });
}
