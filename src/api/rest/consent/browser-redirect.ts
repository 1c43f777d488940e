import type { FastifyReply, FastifyRequest } from 'fastify';
import { CONSENT_PATH } from '../../../config/paths.js';

/** The query of a request as it was sent. */
export const queryOf = ({ raw }: FastifyRequest): string => raw.url!.split(/\?(.*)/s)[1] ?? '';

/** The built-in consent page. */
export const consentUrl = (issuer: string, consentToken: string): string =>
  `${issuer}${CONSENT_PATH}?consent_token=${encodeURIComponent(consentToken)}`;

/** Sends a browser on. The URL that it comes from may contain a token, and is not told. */
export async function redirectBrowser(reply: FastifyReply, location: string): Promise<void> {
  await reply.code(303).header('referrer-policy', 'no-referrer').header('location', location).send();
}
