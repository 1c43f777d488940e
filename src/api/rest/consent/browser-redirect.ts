import type { FastifyReply, FastifyRequest } from 'fastify';
import { CONSENT_PATH } from '../../../config/paths.js';
import { RegistryError } from '../../../errors/registry-error.js';
import { MAX_PARAMETERS } from '../../../http/requests/parameters.js';

/**
 * The query of a request as it was sent.
 * @throws RegistryError `invalid_request` for more than 100 parameters
 */
export function queryOf({ raw }: FastifyRequest): string {
  const query = raw.url!.split(/\?(.*)/s)[1] ?? '';
  if (query.split('&', MAX_PARAMETERS + 1).length > MAX_PARAMETERS) {
    throw new RegistryError('invalid_request', `The query has more than ${MAX_PARAMETERS} parameters.`);
  }
  return query;
}

/** The built-in consent page. */
export const consentUrl = (issuer: string, consentToken: string): string =>
  `${issuer}${CONSENT_PATH}?consent_token=${encodeURIComponent(consentToken)}`;

/** Sends a browser on. The URL that it comes from may contain a token, and is not told. */
export async function redirectBrowser(reply: FastifyReply, location: string): Promise<void> {
  await reply.code(303).header('referrer-policy', 'no-referrer').header('location', location).send();
}
