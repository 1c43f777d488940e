import { type Client, isTrusted } from '../../clients/client/client.js';
import { RegistryError } from '../../errors/registry-error.js';
import { isLoopback, knownUrl } from '../../policy/uris/uri.js';

/** Where a redirect URI leads: to a web server, to the machine that opens it, or there to an application with a private-use scheme (RFC 8252 §7). */
export type RedirectTarget = 'web' | 'loopback' | 'application';

export function redirectTarget(redirectUri: string): RedirectTarget {
  const url = knownUrl(redirectUri);
  if (!/^https?:$/.test(url.protocol)) return 'application';
  return isLoopback(url) ? 'loopback' : 'web';
}

/**
 * The host of a redirect URI. Of a loopback one it is without the port, which changes at each start of an application (RFC 8252 §7.3), and
 * of a private-use scheme the scheme, since a host in it is only a name that the application chose.
 */
export function redirectHost(redirectUri: string): string {
  const { host, hostname, protocol } = knownUrl(redirectUri);
  return { web: host, loopback: hostname, application: protocol }[redirectTarget(redirectUri)];
}

/** The redirect URI with the parameters of an authorization response (RFC 6749 §4.1.2); null: left out. */
export function redirectTo(redirectUri: string, parameters: Record<string, string | null>): string {
  const url = knownUrl(redirectUri);
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null) url.searchParams.append(name, value);
  }
  return url.href;
}

/** An error to which the browser is not redirected; the user is offered a link. */
export class UntrustedRedirect extends RegistryError {
  constructor(readonly location: string) {
    const parameters = [...knownUrl(location).searchParams];
    // The last error and what follows: the redirect URI, which the client chose, may contain others
    const appended = parameters.slice(parameters.findLastIndex(([name]) => name === 'error'));
    const told = appended.flatMap(([name, value]) => (/^error(_description)?$/.test(name) ? [value] : []));
    super('invalid_request', `The request of the application was rejected: ${told.join(': ')}`);
  }
}

/**
 * Where to send the browser with an error that no user has caused.
 * @param location the redirect URI with the error
 * @throws UntrustedRedirect if no one answers for the client: anyone could register one to have browsers redirected (RFC 9700 §4.11.2)
 */
export function redirectUnasked(client: Client, location: string): string {
  if (isTrusted(client) || redirectTarget(location) === 'loopback') return location;
  throw new UntrustedRedirect(location);
}
