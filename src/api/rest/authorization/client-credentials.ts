import type { FastifyRequest } from 'fastify';
import { basicCredentials } from '../../../auth/basic-credentials.js';
import type { ClientCredentials } from '../../../clients/authentication/client-authentication.js';
import { RegistryError } from '../../../errors/registry-error.js';
import type { Parameters } from '../../../http/requests/parameters.js';
import { readJwt } from '../../../jwt/read-jwt.js';
import { readUrl } from '../../../policy/uris/uri.js';

/** Those that authenticate a client. */
const CREDENTIALS = ['client_id', 'client_secret', 'client_assertion', 'client_assertion_type'];

/** The parameters without those that authenticate the client. */
export const withoutCredentials = (parameters: Parameters): Parameters =>
  Object.fromEntries(Object.entries(parameters).filter(([name]) => !CREDENTIALS.includes(name)));

/** A proof with an elliptic-curve key has a few hundred characters. */
const MAX_DPOP_LENGTH = 4096;

/**
 * The DPoP proof of a request (RFC 9449 §4); undefined: none.
 * @throws RegistryError `invalid_dpop_proof` for what the library should not read: it would take an empty proof for none, and issue a Bearer
 * token, and parses any `htu`
 */
export function dpopOf({ headers: { dpop } }: FastifyRequest): string | undefined {
  if (dpop === undefined) return undefined;
  const proof = String(dpop);
  const htu: unknown = proof.length <= MAX_DPOP_LENGTH ? readJwt(proof)?.claims.htu : undefined;
  if (typeof htu === 'string' && readUrl(htu) !== null) return proof;
  throw new RegistryError(
    'invalid_dpop_proof',
    `The DPoP header must be a JWT of at most ${MAX_DPOP_LENGTH} characters whose htu is a URI.`,
  );
}

/**
 * What a client authenticates with (RFC 6749 §2.3.1, RFC 7521 §4.2). A Bearer header is none: SDKs send their API key with every request.
 * @param issuer the audience that assertions must have
 * @throws RegistryError `invalid_request`
 */
export function readClientCredentials(
  authorization: string | undefined,
  parameters: Parameters,
  issuer: string,
): ClientCredentials {
  const { client_id: id, client_secret: secret, client_assertion: assertion } = parameters;
  const basic = basicCredentials(authorization);
  if (basic === null) throw invalid('The Authorization header is malformed.');
  if ([basic, secret, assertion].filter((each) => each !== undefined).length > 1) {
    throw invalid('The client must authenticate by one method only.');
  }
  const clientId = basic?.id ?? id ?? subjectOf(assertion);
  if (clientId === undefined) throw invalid('client_id is missing.');
  if (id !== undefined && id !== clientId)
    throw invalid('client_id is not that of the Authorization header.');
  return {
    clientId,
    clientSecret: basic?.secret ?? secret,
    clientAssertion: assertion,
    clientAssertionType: parameters.client_assertion_type,
    audience: issuer,
  };
}

/** RFC 7521 §4.2: client_id is optional. The value is only used for the lookup; the signature is verified later. */
function subjectOf(assertion: string | undefined): string | undefined {
  const sub: unknown = assertion === undefined ? undefined : readJwt(assertion)?.claims.sub;
  return typeof sub === 'string' ? sub : undefined;
}

const invalid = (description: string) => new RegistryError('invalid_request', description);
