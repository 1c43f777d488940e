import { entryFaults, isHost, isLoopback, readUrl } from './uri.js';

/** One URI, or a list. */
type Uris = string | readonly string[];

const faultsOf = (uris: Uris, faultOf: (uri: string) => string | undefined) =>
  typeof uris === 'string' ? [faultOf(uris) ?? []].flat() : entryFaults(uris, faultOf);

/** Before a host: any name below it. */
const ANY_BELOW = '*.';

/**
 * Whether `value` names a host that redirect URIs can be limited to: a name or address, or `*.` and a name of at least two
 * labels, since one alone is a top-level domain.
 */
export function isRedirectHost(value: string): value is string {
  const isAnyBelow = value.startsWith(ANY_BELOW);
  const host = isAnyBelow ? value.slice(ANY_BELOW.length) : value;
  const isInUsualForm = isHost(host) && readUrl(`https://${host}/`)?.hostname === host;
  return isInUsualForm && (!isAnyBelow || host.includes('.'));
}

const PRIVATE_USE_SCHEME = /^(?!https?:)[a-z][a-z0-9+.-]*:$/;

/** Whether `value` names a host, or a private-use scheme such as `cursor:`. */
export function isRedirectTarget(value: string): value is string {
  return isRedirectHost(value) || PRIVATE_USE_SCHEME.test(value);
}

/** The same without `*.`: one host, or one scheme. */
export const isExactRedirectTarget = (value: string) =>
  !value.startsWith(ANY_BELOW) && isRedirectTarget(value);

/**
 * What is wrong with redirect URIs that must lead to one of `hosts`. Private-use schemes lead to none: any program on a
 * device can claim a scheme, with any host after it (RFC 8252 §8.4).
 */
export function redirectHostFaults(uris: Uris, hosts: readonly string[]): string[] {
  const fault = `must be an https or http URI with an allowed host: ${hosts.join(', ') || 'none'}`;
  return faultsOf(uris, (uri) => (leadsTo(uri, hosts) ? undefined : fault));
}

function leadsTo(uri: string, hosts: readonly string[]): boolean {
  const url = readUrl(uri);
  if (url === null) return false;
  const { protocol, hostname } = url;
  if (!/^https?:$/.test(protocol)) return hosts.includes(protocol);
  return isHost(hostname) && hosts.some((host) => isHostOf(hostname, host));
}

function isHostOf(hostname: string, host: string): boolean {
  return host.startsWith(ANY_BELOW) ? hostname.endsWith(host.slice(ANY_BELOW.length - 1)) : hostname === host;
}

/** In the form in which the URL parser writes addresses. */
const IP_ADDRESS = /^(?:\[.*\]|[\d.]+)$/;

/**
 * What is wrong with redirect URIs that must not lead to one of `denied`. The owner of an IP address is
 * unknown, so an address that is not a loopback address has to be allowed explicitly.
 */
export function deniedHostFaults(
  uris: Uris,
  denied: readonly string[],
  allowed: readonly string[],
): string[] {
  if (denied.length === 0) return [];
  const fault = 'must not have a host or scheme that this server denies';
  return faultsOf(uris, (uri) => (isDenied(uri, denied, allowed) ? fault : undefined));
}

function isDenied(uri: string, denied: readonly string[], allowed: readonly string[]): boolean {
  const url = readUrl(uri);
  if (url === null) return false;
  if (!/^https?:$/.test(url.protocol)) return denied.includes(url.protocol);
  // A name with the dot of the root is the same host
  const hostname = url.hostname.replace(/(?<!\.)\.+$/, '');
  if (isLoopback(url)) return denied.includes('localhost') || denied.includes(hostname);
  if (IP_ADDRESS.test(hostname)) return !allowed.includes(hostname) || denied.includes(hostname);
  return denied.some((host) => isHostOf(hostname, host));
}
