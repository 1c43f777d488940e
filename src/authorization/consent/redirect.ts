import { isLoopback } from '../../policy/uris/uri.js';

/**
 * The host of a redirect URI. Of a loopback one it is without the port, which changes at each start of an application (RFC 8252 §7.3), and
 * of a private-use scheme the scheme, since a host in it is only a name that the application chose.
 */
export function redirectHost(redirectUri: string): string {
  const url = new URL(redirectUri);
  if (!/^https?:$/.test(url.protocol)) return url.protocol;
  return isLoopback(url) ? url.hostname : url.host;
}

/** The redirect URI with the parameters of an authorization response (RFC 6749 §4.1.2); null: left out. */
export function redirectTo(redirectUri: string, parameters: Record<string, string | null>): string {
  const url = new URL(redirectUri);
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null) url.searchParams.append(name, value);
  }
  return url.href;
}
