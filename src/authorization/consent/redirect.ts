/** The host of a redirect URI; of a private-use scheme the scheme, since a host in it is only a name that the application chose. */
export function redirectHost(redirectUri: string): string {
  const { host, protocol } = new URL(redirectUri);
  return /^https?:$/.test(protocol) ? host : protocol;
}

/** The redirect URI with the parameters of an authorization response (RFC 6749 §4.1.2); null: left out. */
export function redirectTo(redirectUri: string, parameters: Record<string, string | null>): string {
  const url = new URL(redirectUri);
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null) url.searchParams.append(name, value);
  }
  return url.href;
}
