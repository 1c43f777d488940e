/** Before a host: any name below it. */
const ANY_BELOW = '*.';

/**
 * Whether `value` names a host that redirect URIs can be limited to: a name or address, or `*.` and a name of at least two
 * labels, since one alone is a top-level domain.
 */
export function isRedirectHost(value: string): value is string {
  const isAnyBelow = value.startsWith(ANY_BELOW);
  const host = isAnyBelow ? value.slice(ANY_BELOW.length) : value;
  const url = `https://${host}/`;
  const isHost = /^[^\s*/?#\\@]{1,253}$/.test(host) && URL.canParse(url) && new URL(url).hostname === host;
  const labels = host.split('.');
  return isHost && labels.every((label) => label !== '') && (!isAnyBelow || labels.length > 1);
}

/**
 * What is wrong with redirect URIs that must lead to one of `hosts`. Private-use schemes lead to none: any program on a
 * device can claim a scheme, whatever host it writes behind it (RFC 8252 §8.4).
 */
export function redirectHostFaults(uris: readonly string[], hosts: readonly string[]): string[] {
  const fault = `must be an https or http URI of an allowed host: ${hosts.join(', ') || 'none'}`;
  return uris.flatMap((uri, index) => (leadsTo(uri, hosts) ? [] : [`entry ${index + 1} ${fault}`]));
}

function leadsTo(uri: string, hosts: readonly string[]): boolean {
  if (!URL.canParse(uri)) return false;
  const { protocol, hostname } = new URL(uri);
  if (!/^https?:$/.test(protocol)) return false;
  return hosts.some((host) =>
    host.startsWith(ANY_BELOW) ? hostname.endsWith(host.slice(ANY_BELOW.length - 1)) : hostname === host,
  );
}
