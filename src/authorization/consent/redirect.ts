import { isLoopback } from '../../policy/uris/uri.js';

/** Where a redirect URI leads: to a web server, to the machine that opens it, or there to an application with a private-use scheme (RFC 8252 §7). */
export type RedirectTarget = 'web' | 'loopback' | 'application';

export function redirectTarget(redirectUri: string): RedirectTarget {
  const url = new URL(redirectUri);
  if (!/^https?:$/.test(url.protocol)) return 'application';
  return isLoopback(url) ? 'loopback' : 'web';
}

/**
 * The host of a redirect URI. Of a loopback one it is without the port, which changes at each start of an application (RFC 8252 §7.3), and
 * of a private-use scheme the scheme, since a host in it is only a name that the application chose.
 */
export function redirectHost(redirectUri: string): string {
  const { host, hostname, protocol } = new URL(redirectUri);
  return { web: host, loopback: hostname, application: protocol }[redirectTarget(redirectUri)];
}

/** The redirect URI with the parameters of an authorization response (RFC 6749 §4.1.2); null: left out. */
export function redirectTo(redirectUri: string, parameters: Record<string, string | null>): string {
  const url = new URL(redirectUri);
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null) url.searchParams.append(name, value);
  }
  return url.href;
}
