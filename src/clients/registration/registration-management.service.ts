import { Inject, Injectable } from '@nestjs/common';
import type { RequestContext } from '../../audit/audit-event.js';
import { CONFIG, type Config } from '../../config/variables.js';
import { RegistryError } from '../../errors/registry-error.js';
import { usesSecret } from '../../policy/client.js';
import { generateSecret, hashSecret, matchesHash } from '../../secrets/secret.js';
import { AnonymousClientQuota } from '../anonymous/anonymous-client-quota.js';
import {
  type Client,
  type ClientStanding,
  type IssuedRegistration,
  isLapsed,
  isStatementOver,
  isUnused,
} from '../client/client.js';
import { ClientLookupRepository } from '../client/client-lookup.repository.js';
import type { ClientKey, NumberedPageRequest } from '../client/client-query.js';
import type { ClientRequest } from '../client/client-request.js';
import { changeClient, changeProfile, secretFor } from '../client/issue-client.js';
import {
  type ClientSecret,
  isRenewalDue,
  MAX_VALID_SECRETS,
  type NumberedSecretPage,
  type SecretSubmission,
} from '../secrets/client-secret.js';
import type { LockSecrets } from '../secrets/client-secrets.repository.js';
import { ClientSecretsService } from '../secrets/client-secrets.service.js';
import { grant, RegistrationPolicies } from './registration-policies.js';
import {
  type LockedRegistration,
  RegistrationsRepository,
  type RegistrationTokens,
} from './registrations.repository.js';

/** A registration that was found for a request about it. */
export interface ManagedRegistration {
  client: Client;
  /** The token that manages it; null for a client that software shares: it is read only. */
  token: string | null;
}

/** What a caller wants to do with a registration. */
export type RegistrationOperation = 'read' | 'change' | 'replace';

/** A full replacement of a registration (RFC 7592 §2.2). */
export interface Replacement {
  submission: ClientRequest;
  /** The client_id that the request names; must be the client's. */
  clientId: unknown;
  /** A client_secret that the request names; must be the client's. Undefined: none. */
  clientSecret: unknown;
}

/** A hash that no token has, compared if there is no registration, so that it takes the same time. */
const NO_TOKEN_HASH = hashSecret(generateSecret());

/** Software that manages its own registration (RFC 7592), with the registration access token. */
@Injectable()
export class RegistrationManagementService {
  /** How long secrets are valid that software gets for itself; null: until they are revoked. */
  private readonly secretTtlMs: number | null;

  constructor(
    private readonly repository: RegistrationsRepository,
    private readonly lookup: ClientLookupRepository,
    private readonly policies: RegistrationPolicies,
    private readonly pool: AnonymousClientQuota,
    private readonly secrets: ClientSecretsService,
    @Inject(CONFIG) config: Config,
  ) {
    this.secretTtlMs = config.registrationSecretTtlMs;
  }

  /**
   * The registration that a caller manages with the token, or reads without one if software shares the client. The first use of a token
   * that a replacement issued ends the one before.
   * @param token null: none was sent
   * @throws RegistryError `unauthorized`, or `invalid_token`, alike for a wrong token and for a client that does not exist, or
   *   `insufficient_scope` if the client is disabled, or is shared and would be changed. A client whose software statement has
   *   expired may be replaced
   */
  async authenticate(
    id: string,
    token: string | null,
    operation: RegistrationOperation,
  ): Promise<ManagedRegistration> {
    const tokens = await this.repository.findRegistrationTokens(id);
    const isShared = tokens !== null && tokens.tokenHash === null;
    if (isShared) {
      if (operation !== 'read') throw sharedClient();
      requireUsable(tokens.client, operation);
    } else if (token === null) {
      throw withoutToken();
    } else if (requireManaged(token, tokens, operation) === 'next') {
      await this.promote(id, token, operation);
    }
    const client = await this.lookup.find({ id });
    // It ended meanwhile
    if (client === null) throw wrongToken();
    return { client, token: isShared ? null : token };
  }

  private async promote(id: string, token: string, operation: RegistrationOperation): Promise<void> {
    if (await this.repository.promoteToken(id, hashSecret(token))) return;
    // Another request with it was faster, or a replacement has issued another one instead
    requireManaged(token, await this.repository.findRegistrationTokens(id), operation);
  }

  /**
   * Replaces the metadata of the client: omitted members are reset. The reply has another token; `token` stays valid until that one is
   * used, so that a lost reply locks no one out. A client that changes to a method with a secret gets one, and a client that changes from
   * it loses all. If secrets are valid for a limited time, a client whose secrets expire soon gets another one in addition. A client whose
   * software statement has expired must send another one, which enables it again.
   * @param registered the client as {@link authenticate} found it for the token
   * @param readReplacement gets the software statement that applies if the request has none, and that is not verified again
   * @throws RegistryError `invalid_token`, or with every field at fault, or `rate_limited` after too many changes of an unused client;
   *   nothing is changed then
   */
  async replace(
    registered: Client,
    token: string,
    readReplacement: (knownStatement: string | undefined) => Promise<Replacement>,
    context: RequestContext,
  ): Promise<IssuedRegistration> {
    const { id } = registered;
    await this.pool.requireRoomForEvents(registered);
    const replacement = await readReplacement(
      isLapsed(registered, new Date()) ? undefined : registered.metadata.softwareStatement,
    );
    const replace = async (registration: LockedRegistration, isRepeat: boolean) => {
      const { client, secrets } = registration;
      const { submission, clientId, clientSecret } = replacement;
      const now = new Date();
      const faults = { ...submission.faults };
      if (clientId !== client.id) faults.client_id = ['must be the client_id of this registration'];
      const isSecretGood =
        clientSecret === undefined ||
        (typeof clientSecret === 'string' && (await secrets.accepts(clientSecret, now)));
      if (!isSecretGood)
        faults.client_secret = ['must be omitted or be a valid client_secret of this client'];
      const requiresStatement = isLapsed(client, now);
      const policy = {
        ...this.policies.policyFor(await registration.initialAccessToken()),
        requiresStatement,
      };
      const usable =
        client.status === 'active'
          ? client
          : changeClient(client, { status: 'active', disabledReason: null });
      const changed = changeProfile(usable, grant({ ...submission, faults }, policy, client), context);
      // It expired after the request was read
      if (isStatementOver(changed, now)) throw statementExpired();

      const needsOther = usesSecret(changed) !== usesSecret(client);
      const revoked = needsOther ? await secrets.revokeAll(now) : [];
      const isDue = needsOther || (await this.isRenewalDue(registration, isRepeat, now));
      const secret = isDue ? secretFor(changed, this.secretTtlMs) : null;
      const issued = secret === null ? [] : [(await secrets.add(secret, now)).id];
      const registrationToken = generateSecret();
      await registration.store(changed, token, registrationToken, [
        ...revoked.map((targetId) => ({ action: 'client_secret.revoked', targetId }) as const),
        ...issued.map((targetId) => ({ action: 'client_secret.issued', targetId }) as const),
      ]);
      return { client: changed, secret, registrationToken };
    };
    return this.withManaged(id, token, 'replace', context, (registration) => {
      // No one has used the token of the reply before, which may be lost
      const isRepeat = registration.nextTokenHash !== null && matchesHash(token, registration.tokenHash);
      return replace(registration, isRepeat);
    });
  }

  /**
   * Removes the client, with its secrets and its token; permanently where unused clients are bounded and it is one, unless its past
   * is more than one event has room for.
   * @throws RegistryError `invalid_token`, or `rate_limited` if too many unused ones were removed by themselves
   */
  async remove(id: string, token: string, context: RequestContext): Promise<void> {
    await this.withManaged(id, token, 'change', context, (registration) => {
      // Otherwise deleted clients of a flood would stay until they are purged
      const isOfPool = this.pool.isBounded && isUnused(registration.client);
      return isOfPool ? registration.deleteUnused() : registration.remove();
    });
  }

  /**
   * Gives software that lost it a new token to manage its registration with. All before it end.
   * @throws RegistryError `not_found`, or `validation_error` for a client that did not register itself, or that many did
   */
  async reissueToken(
    key: ClientKey,
    context: RequestContext,
  ): Promise<{ client: Client; registrationToken: string }> {
    const registrationToken = generateSecret();
    const client = await this.repository.replaceRegistrationToken(
      key,
      registrationToken,
      context,
      ({ source, registrationCount }) => {
        if (source === 'dynamic' && registrationCount === 1) return;
        throw new RegistryError(
          'validation_error',
          'Only dynamically registered clients that are not shared have a registration access token.',
        );
      },
    );
    return { client, registrationToken };
  }

  /**
   * Issues another secret to a client that manages itself. `value` is the only copy of it in plaintext.
   * @param registered the client as {@link authenticate} found it for the token
   * @throws RegistryError `invalid_token`, or see {@link ClientSecretsService.issueWithin}, or `rate_limited` after too many changes of an
   *   unused client
   */
  async issueSecret(
    registered: Client,
    token: string,
    submission: SecretSubmission,
    context: RequestContext,
  ): Promise<{ secret: ClientSecret; value: string }> {
    await this.pool.requireRoomForEvents(registered);
    const lock: LockSecrets = (work) => this.withManaged(registered.id, token, 'change', context, work);
    return this.secrets.issueWithin(lock, submission, this.secretTtlMs);
  }

  /** A page of the secrets of a client that were not revoked, the newest first. */
  listSecrets(id: string, page: NumberedPageRequest): Promise<NumberedSecretPage> {
    return this.secrets.list({ id }, page);
  }

  /**
   * Revokes a secret at once.
   * @throws RegistryError `invalid_token`, or see {@link ClientSecretsService.revoke}
   */
  revokeSecret(
    id: string,
    token: string,
    secretId: string,
    force: boolean,
    context: RequestContext,
  ): Promise<void> {
    const lock: LockSecrets = (work) => this.withManaged(id, token, 'change', context, work);
    return this.secrets.revokeWithin(lock, secretId, force);
  }

  /**
   * Runs `work` on the locked registration if the token still manages it.
   * @throws RegistryError `invalid_token`, or `insufficient_scope` if the client is disabled
   */
  private withManaged<T>(
    id: string,
    token: string,
    operation: RegistrationOperation,
    context: RequestContext,
    work: (registration: LockedRegistration) => Promise<T>,
  ): Promise<T> {
    const own: RequestContext = { ...context, actor: { type: 'registration_token', id } };
    return this.repository.withRegistration(id, own, (registration) => {
      requireManaged(token, registration, operation);
      return work(registration!);
    });
  }

  /**
   * Whether the client gets another secret with a replacement: if all that are valid end soon. A new one does not for a while.
   * @param isRepeat a reply may be lost: secrets that were issued since the registration and never used do not count
   */
  private async isRenewalDue(
    { client, secrets }: LockedRegistration,
    isRepeat: boolean,
    now: Date,
  ): Promise<boolean> {
    const valid = await secrets.valid(now);
    const known = valid.filter(
      ({ createdAt, lastUsedAt }) => !isRepeat || lastUsedAt !== null || createdAt <= client.createdAt,
    );
    if (valid.length >= MAX_VALID_SECRETS) return false;
    const mayBeDue = this.secretTtlMs !== null || known.length < valid.length;
    return mayBeDue && known.every((secret) => isRenewalDue(secret, now));
  }
}

/**
 * Which of its tokens it is that manages the registration.
 * @throws RegistryError `invalid_token` if it is none of them, `insufficient_scope` if the client is disabled
 */
function requireManaged(
  token: string,
  registration: RegistrationTokens | null,
  operation: RegistrationOperation,
): 'current' | 'next' {
  // Both are compared, so that the time does not reveal which one matched
  const isCurrent = matchesHash(token, registration?.tokenHash ?? NO_TOKEN_HASH);
  const isNext = matchesHash(token, registration?.nextTokenHash ?? NO_TOKEN_HASH);
  if (registration === null || !(isCurrent || isNext)) throw wrongToken();
  requireUsable(registration.client, operation);
  return isNext ? 'next' : 'current';
}

/** RFC 7592 §2.1 to §2.3: 403 if the client is not permitted to do it. */
function requireUsable(client: ClientStanding, operation: RegistrationOperation): void {
  if (isLapsed(client, new Date())) {
    if (operation === 'replace') return;
    throw statementExpired();
  }
  if (client.status === 'active') return;
  throw new RegistryError('insufficient_scope', 'The client is disabled. Only an operator can enable it.');
}

const statementExpired = () =>
  new RegistryError(
    'insufficient_scope',
    'The software statement of the client has expired. Send a new software_statement: with PUT if the client has a registration ' +
      'access token, else in a new registration.',
  );

const withoutToken = () =>
  new RegistryError(
    'unauthorized',
    'A registration access token is required. Send it as "Authorization: Bearer TOKEN".',
  );

const sharedClient = () =>
  new RegistryError(
    'insufficient_scope',
    'The client is shared by all software that registers the same metadata. It can be read, but not changed or deleted. ' +
      'Register other metadata to get another client.',
  );

const wrongToken = () =>
  new RegistryError('invalid_token', 'The registration access token is malformed, unknown or revoked.');
