import type { FastifyRequest } from 'fastify';

/**
 * Whether a page of this service sent a request, as the browser reports it, which no page can forge. Programs and old browsers report nothing.
 * @param hidesOrigin whether the page has the referrer policy no-referrer: browsers then report the origin "null"
 */
export function isOwnPage(
  { headers, host }: FastifyRequest,
  publicUrl: URL | null,
  hidesOrigin = false,
): boolean {
  const { origin, 'sec-fetch-site': site = 'same-origin' } = headers;
  if (site !== 'same-origin') return false;
  if (origin === undefined || origin === publicUrl?.origin || (hidesOrigin && origin === 'null')) return true;
  return origin === `https://${host}` || origin === `http://${host}`;
}
