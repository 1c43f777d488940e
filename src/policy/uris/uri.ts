export const MAX_URI_LENGTH = 2048;

/** A URI without the slashes at its end. The look-behind keeps it linear: a run of slashes is tried once, not from each of them. */
export const withoutTrailingSlashes = (uri: string): string => uri.replace(/(?<!\/)\/+$/, '');

/** The characters of RFC 3986 §2. Parsers disagree about others. */
const URI_CHARACTERS = /^[\w\-.~:/?#[\]@!$&'()*+,;=%]*$/;
const BROKEN_ESCAPE = /%(?![0-9a-f]{2})/i;
/** RFC 1123 §2.1: labels of letters, digits and hyphens, each of 63 characters, 253 together (RFC 1035 §2.3.4). */
const DNS_NAME = /^(?=.{1,253}$)[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?(?:\.[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?)*$/;
const IPV6_ADDRESS = /^\[[\da-f:]+\]$/;
const WEB_HOST = /^https?:\/\/(\[[^\]]*\]|[^/?#:]+)/i;
const USERINFO = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*@/i;

/** Whether a host, as the URL parser writes it, is a DNS name or an IP address: it lets other names pass. */
export const isHost = (hostname: string) => DNS_NAME.test(hostname) || IPV6_ADDRESS.test(hostname);

/**
 * The absolute URI of a text that anyone may have sent; null: it is none, or longer or of other characters than a URI has. The parser of
 * Node.js takes seconds for 64 KB of different Chinese characters in place of a host.
 */
export function readUrl(text: string): URL | null {
  const isBounded = text.length <= MAX_URI_LENGTH && URI_CHARACTERS.test(text);
  return isBounded && URL.canParse(text) ? new URL(text) : null;
}

/** A URL of the configuration or of this service, or one that was validated before it was stored. @throws TypeError for any other text */
export const knownUrl = (url: string): URL => new URL(url);

/** The parsed absolute URI, or its error. */
export function parseUri(value: string): URL | string {
  if (value.length > MAX_URI_LENGTH) return `must be at most ${MAX_URI_LENGTH} characters long`;
  if (!URI_CHARACTERS.test(value) || BROKEN_ESCAPE.test(value)) {
    return 'must not contain whitespace, control characters, or characters that require percent-encoding (RFC 3986 §2)';
  }
  const url = readUrl(value);
  if (url === null) return 'must be an absolute URI such as https://example.com/path';
  if (USERINFO.test(value)) return 'must not contain a user name or password';
  if (/^https?:$/.test(url.protocol)) {
    const [, host] = WEB_HOST.exec(value) ?? [];
    if (host === undefined) return 'must contain a host after https://';
    // Percent-encoding, octal or short IPv4 addresses: parsers disagree about the host
    if (host.toLowerCase() !== url.hostname) {
      return 'must contain its host as a DNS name or IP address in canonical form, without percent-encoding';
    }
    if (!isHost(url.hostname)) return 'must have a valid DNS name or IP address as its host (RFC 1123 §2.1)';
  }
  return url;
}

/** Validates the entries of a list; each error contains the number of its entry. */
export const entryFaults = (entries: readonly string[], faultOf: (entry: string) => string | undefined) =>
  entries.flatMap((entry, index) => {
    const fault = faultOf(entry);
    return fault === undefined ? [] : [`entry ${index + 1} ${fault}`];
  });

/** Whether a URL's host can only be the machine that opens it (RFC 8252 §7.3, and the name for it). */
export function isLoopback({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}

/** Validates the URL of a page or logo. The server never fetches it. */
export function webUriFaults(value: string): string[] {
  const url = parseUri(value);
  if (typeof url === 'string') return [url];
  return /^https?:$/.test(url.protocol) ? [] : ['must be an https or http URL'];
}

/** The URL of a server that listens at a host name or address. */
export const httpUrlOf = (host: string, port: number): string =>
  `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
