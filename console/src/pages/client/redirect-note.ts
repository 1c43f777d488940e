/** What is unusual about where a redirect URI leads; null where nothing is. */
export function redirectNote(uri: string): string | null {
  if (!URL.canParse(uri)) return null;
  const { protocol, hostname } = new URL(uri);
  if (!['http:', 'https:'].includes(protocol)) {
    return 'Private-use scheme: whichever app on the device has claimed it gets the code (RFC 8252 §7.1). PKCE protects it.';
  }
  if (/^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname)) {
    return 'Loopback: a program on the person’s own machine; the port may be any (RFC 8252 §7.3).';
  }
  return protocol === 'http:' ? 'Not encrypted on its way.' : null;
}
