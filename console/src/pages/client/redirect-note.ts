/** A note about an unusual redirect URI; null for others. */
export function redirectNote(uri: string): string | null {
  if (!URL.canParse(uri)) return null;
  const { protocol, hostname } = new URL(uri);
  if (!['http:', 'https:'].includes(protocol)) {
    return 'Private-use scheme: any app on the device that claims it receives the code (RFC 8252 §7.1). Require PKCE.';
  }
  if (/^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname)) {
    return 'Loopback: a program on the user’s machine, at any port (RFC 8252 §7.3).';
  }
  return protocol === 'http:' ? 'Not encrypted: use https.' : null;
}
