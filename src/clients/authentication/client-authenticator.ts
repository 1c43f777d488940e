import { Injectable, Logger } from '@nestjs/common';
import { validate as isUuid } from 'uuid';
import type { RequestContext } from '../../audit/audit-event.js';
import { clientAuthentications } from '../../diagnostics/channels.js';
import { usesSecret } from '../../policy/client.js';
import { type Client, isLapsed, isUnused } from '../client/client.js';
import { ClientLookupRepository } from '../client/client-lookup.repository.js';
import type { ClientSecretEntity } from '../secrets/client-secret.entity.js';
import {
  AUTHENTICATION_FAILURES,
  type AuthenticatedClient,
  type AuthenticationFailure,
  type ClientAuthenticationMethod,
  type ClientCredentials,
  type FailedAuthentication,
  JWT_BEARER,
} from './client-authentication.js';
import { ASSERTION_BYTES, AssertionUses } from './assertion-uses.repository.js';
import { ClientAuthenticationCountsService } from './client-authentication-counts.service.js';
import { ClientAuthenticationRepository } from './client-authentication.repository.js';
import { type AssertionClaims, ClientKeys } from './client-keys.js';

const STATEMENT_EXPIRED = 'The software statement of the client has expired.';

type Rejection = Omit<FailedAuthentication, 'method'>;
type Judgement = Pick<AuthenticatedClient, 'secret' | 'keyId'> | Rejection;

/** Valid credentials; the assertion among them may have been used before. */
interface VerifiedCredentials extends Pick<AuthenticatedClient, 'secret' | 'keyId'> {
  assertion: AssertionClaims | null;
}

/**
 * Limits the requests of a client. It is called once the credentials are valid, before `storedBytes` are stored: a stranger who knows a
 * `client_id` uses up no limit of its client, and a request beyond a limit stores nothing.
 * @throws RegistryError `rate_limited`
 */
export type LimitClient = (client: Client, storedBytes: number) => void | Promise<void>;

/** Verifies the credentials of clients (RFC 6749 §2.3, RFC 7523), for the authorization server that they were sent to. */
@Injectable()
export class ClientAuthenticator {
  private readonly logger = new Logger(ClientAuthenticator.name);

  constructor(
    private readonly lookup: ClientLookupRepository,
    private readonly repository: ClientAuthenticationRepository,
    private readonly keys: ClientKeys,
    private readonly assertionUses: AssertionUses,
    private readonly counts: ClientAuthenticationCountsService,
  ) {}

  /**
   * The client that the credentials prove, or why they prove none. A success notes the use of the client and of its secret; what expired
   * or was revoked is recorded in the audit log.
   * @throws RegistryError `temporarily_unavailable`, `rate_limited`
   */
  async authenticate(
    credentials: ClientCredentials,
    context: RequestContext,
    limit: LimitClient,
  ): Promise<AuthenticatedClient | FailedAuthentication> {
    const { clientId, clientSecret } = credentials;
    const method = methodOf(credentials);
    // Concurrently: on PostgreSQL they take one round trip
    const [client, secret] = await Promise.all([
      this.lookup.find({ id: clientId }),
      clientSecret === undefined ? undefined : this.repository.findSecret(clientId, clientSecret),
    ]);
    const verified =
      client === null
        ? await this.judgeAbsent(clientId)
        : await this.judge(client, secret, method, credentials, context);
    const judgement = 'failure' in verified ? verified : await this.use(client!, verified, limit);
    const hasFailed = 'failure' in judgement;
    const result = hasFailed ? judgement.failure : 'authenticated';
    this.counts.count(result);
    if (clientAuthentications.hasSubscribers) clientAuthentications.publish({ method, result });
    if (hasFailed) return { method, ...judgement };
    // Software that registers a client has its credentials: only a code or a token takes it out of the unused pool
    if (!isUnused(client!)) this.repository.clientUses.note(client!);
    return { client: client!, method, ...judgement };
  }

  /** Deletes assertions that expired before `limit`; returns how many. */
  purgeAssertions(limit: Date): Promise<number> {
    return this.assertionUses.purge(limit);
  }

  private async judgeAbsent(clientId: string): Promise<Rejection> {
    const wasDeleted = isUuid(clientId) && (await this.repository.wasDeleted(clientId));
    return failed(wasDeleted ? 'deleted_client' : 'unknown_client');
  }

  private async judge(
    client: Client,
    secret: ClientSecretEntity | null | undefined,
    method: ClientAuthenticationMethod,
    credentials: ClientCredentials,
    context: RequestContext,
  ): Promise<VerifiedCredentials | Rejection> {
    const { clientAssertion } = credentials;
    if (isLapsed(client, new Date())) return failed('disabled_client', STATEMENT_EXPIRED);
    if (client.status !== 'active') return failed('disabled_client');
    // RFC 6749 §2.3: one method per request
    const hasTwo = secret !== undefined && clientAssertion !== undefined;
    if (hasTwo || method !== registeredMethodOf(client)) return failed('wrong_method');
    if (secret !== undefined) return this.judgeSecret(secret, context);
    if (clientAssertion !== undefined) return this.judgeAssertion(client, clientAssertion, credentials);
    return { secret: null, keyId: null, assertion: null };
  }

  private async judgeSecret(
    secret: ClientSecretEntity | null,
    context: RequestContext,
  ): Promise<VerifiedCredentials | Rejection> {
    if (secret === null) return failed('wrong_secret');
    const { id, expiresAt, revokedAt } = secret;
    const ended =
      revokedAt !== null ? 'revoked' : expiresAt !== null && +expiresAt <= Date.now() && 'expired';
    if (ended) {
      // The reply is the same if the event cannot be recorded
      await this.repository
        .recordRejection(secret, ended, context)
        .catch((error: unknown) => this.logger.warn(error));
      return failed(`${ended}_secret`);
    }
    this.repository.secretUses.note(secret);
    return { secret: { id, expiresAt }, keyId: null, assertion: null };
  }

  private async judgeAssertion(
    client: Client,
    assertion: string,
    { clientAssertionType, audience = '' }: ClientCredentials,
  ): Promise<VerifiedCredentials | Rejection> {
    if (clientAssertionType !== undefined && clientAssertionType !== JWT_BEARER) {
      return failed('invalid_assertion', `client_assertion_type must be ${JWT_BEARER}.`);
    }
    const verified = await this.keys.verify(client, assertion, audience);
    if ('fault' in verified) return failed('invalid_assertion', verified.fault);
    return { secret: null, keyId: verified.kid, assertion: verified.claims };
  }

  private async use(
    client: Client,
    { assertion, ...proof }: VerifiedCredentials,
    limit: LimitClient,
  ): Promise<Judgement> {
    if (assertion === null) {
      await limit(client, 0);
      return proof;
    }
    const { jti, exp } = assertion;
    const isUsed = await this.assertionUses.wasUsed(client.id, jti);
    if (!isUsed) {
      await limit(client, ASSERTION_BYTES);
      if (await this.assertionUses.useOnce(client.id, jti, new Date(exp * 1000))) return proof;
    }
    return failed('invalid_assertion', 'The jti of the assertion was used before.');
  }
}

const failed = (
  failure: AuthenticationFailure,
  description: string = AUTHENTICATION_FAILURES[failure],
): Rejection => ({ failure, description });

const methodOf = ({ clientSecret, clientAssertion }: ClientCredentials): ClientAuthenticationMethod => {
  if (clientAssertion !== undefined) return 'private_key_jwt';
  return clientSecret === undefined ? 'none' : 'client_secret';
};

/** A secret is valid in a header and in a body: only the calling server knows which of both was used. */
function registeredMethodOf(client: Client): ClientAuthenticationMethod {
  const { tokenEndpointAuthMethod: method } = client;
  if (usesSecret(client)) return 'client_secret';
  return method === 'private_key_jwt' ? method : 'none';
}
