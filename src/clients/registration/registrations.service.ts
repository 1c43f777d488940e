import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type { RequestContext } from '../../audit/audit-event.js';
import { registrations } from '../../diagnostics/channels.js';
import { CONFIG, type Config } from '../../config/variables.js';
import { RegistryError } from '../../errors/registry-error.js';
import { generateSecret, hashSecret, matchesHash } from '../../secrets/secret.js';
import {
  type Client,
  type IssuedRegistration,
  isUnused,
  type Provenance,
  type Owner,
} from '../client/client.js';
import { ClientLookupRepository } from '../client/client-lookup.repository.js';
import { ClientsRepository } from '../registry/clients.repository.js';
import type { ClientKey } from '../client/client-query.js';
import type { InitialAccessToken } from '../initial-access-tokens/initial-access-token.js';
import { InitialAccessTokensService } from '../initial-access-tokens/initial-access-tokens.service.js';
import { changeProfile, issueClient, secretFor } from '../client/issue-client.js';
import { type ClientMetadata, usesSecret } from '../../policy/client.js';
import {
  intersectPolicy,
  restrictToPolicy,
  type RegistrationMode,
  type RegistrationPolicy,
  registrationRules,
} from '../../policy/registration.js';
import { CLIENT_RULES } from '../../policy/rules.js';
import { reservedNameIn, translatedNames } from '../../policy/reserved-name.js';
import { applyDefaults } from '../../policy/defaults.js';
import {
  type LockedRegistration,
  RegistrationsRepository,
  type RegistrationTokens,
} from './registrations.repository.js';
import { RegistrationCountsService } from './registration-counts.service.js';
import { DeduplicatedRegistrations } from './deduplicated-registrations.js';
import { validateOrThrow, type ClientRequest } from '../client/client-request.js';
import { AnonymousClientQuota } from '../anonymous/anonymous-client-quota.js';

/** Under which policy a caller may register. */
export interface RegistrationPermit {
  /** The owner of the new client; null for none. */
  owner: Owner | null;
  policy: RegistrationPolicy;
  initialAccessTokenId: string | null;
}

/** A full replacement of a registration (RFC 7592 §2.2). */
export interface Replacement {
  submission: ClientRequest;
  /** The client_id that the request names; must be the client's. */
  clientId: unknown;
  /** A client_secret that the request names; must be the client's. Undefined: none. */
  clientSecret: unknown;
}

/** Whom a client belongs to that registered itself without credentials. */
const NO_OWNER: Provenance = { orgId: null, userId: null, source: 'dynamic', initialAccessTokenId: null };

/** A hash that no token has, to compare with where there is no registration: it takes the same time. */
const NO_TOKEN_HASH = hashSecret(generateSecret());

/** Software that speaks for itself (RFC 7591), and manages what it registered (RFC 7592): behind more refusals. */
@Injectable()
export class RegistrationsService implements OnModuleInit {
  private readonly mode: RegistrationMode;
  private policy: RegistrationPolicy;

  constructor(
    private readonly repository: RegistrationsRepository,
    private readonly clients: ClientsRepository,
    private readonly lookup: ClientLookupRepository,
    private readonly initialAccessTokens: InitialAccessTokensService,
    private readonly pool: AnonymousClientQuota,
    private readonly shared: DeduplicatedRegistrations,
    private readonly counts: RegistrationCountsService,
    @Inject(CONFIG) private readonly config: Config,
  ) {
    this.mode = config.registrationMode;
    const { allowed, denied } = config.registrationRedirectHosts;
    this.policy = {
      profile: config.registrationMetadata,
      allowedScopes: config.registrationAllowedScopes,
      defaultScopes: config.registrationDefaultScopes,
      allowedGrantTypes: config.registrationAllowedGrantTypes,
      redirectHosts: allowed.length > 0 ? [allowed] : [],
      deniedRedirectHosts: denied,
      reservedNameIn: null,
    };
  }

  async onModuleInit(): Promise<void> {
    const { registrationReservedNames: names } = this.config;
    if (names.length === 0) return;
    // Thousands of characters, for those who want them
    const { loadConfusables } = await import('../../policy/names/confusables.js');
    this.policy = { ...this.policy, reservedNameIn: reservedNameIn(names, loadConfusables()) };
  }

  /**
   * Authorizes a registration.
   * @throws RegistryError `insufficient_scope` if no caller may, `unauthorized` or `invalid_token` if other callers may
   */
  async authorize({
    owner,
    initialAccessToken,
  }: {
    /** The caller; null: anonymous. */
    owner: Owner | null;
    /** RFC 7591 §3; null: none was sent. */
    initialAccessToken: string | null;
  }): Promise<RegistrationPermit> {
    if (this.mode === 'closed') {
      throw new RegistryError('insufficient_scope', 'Dynamic registration is disabled on this server.');
    }
    if (initialAccessToken !== null) {
      const token = await this.initialAccessTokens.authenticate(initialAccessToken);
      return { owner: token, policy: this.policyFor(token), initialAccessTokenId: token.id };
    }
    if (this.mode === 'token' && owner === null) {
      throw new RegistryError(
        'unauthorized',
        'Registration requires an initial access token or an API key: send "Authorization: Bearer TOKEN".',
      );
    }
    return { owner, policy: this.policy, initialAccessTokenId: null };
  }

  /**
   * Registers a client.
   * @throws RegistryError with every field at fault, or `invalid_token` where the initial access token was used up
   *   meanwhile; nothing is stored then
   */
  async register(
    submission: ClientRequest,
    permit: RegistrationPermit,
    context: RequestContext,
  ): Promise<IssuedRegistration> {
    const { owner, initialAccessTokenId } = permit;
    const profile = this.preview(submission, permit);
    if (owner === null) return this.registerAnonymously(profile, context);
    const actor =
      initialAccessTokenId && ({ type: 'initial_access_token', id: initialAccessTokenId } as const);
    const { orgId, userId } = owner;
    const provenance: Provenance = { orgId, userId, source: 'dynamic', initialAccessTokenId };
    return this.issue(profile, provenance, actor ? { ...context, actor } : context);
  }

  /** A client and the token that manages it. */
  private async issue(
    profile: ClientMetadata,
    provenance: Provenance,
    context: RequestContext,
  ): Promise<IssuedRegistration> {
    const issued = issueClient(profile, provenance);
    const registrationToken = generateSecret();
    await this.clients.insert(issued, context, registrationToken);
    this.noteRegistration();
    return { ...issued, registrationToken };
  }

  private registerAnonymously(profile: ClientMetadata, context: RequestContext): Promise<IssuedRegistration> {
    if (!this.config.registrationReuse || profile.type !== 'public') {
      return this.pool.reserve(() => this.issue(profile, NO_OWNER, context));
    }
    return this.shared.register(profile, context, (metadataHash, shared) =>
      this.pool.reserve(async () => {
        const issued = issueClient(profile, NO_OWNER);
        const isStored = await this.repository.insertShared(issued, shared, metadataHash);
        if (!isStored) return null;
        this.noteRegistration();
        return { ...issued, registrationToken: null };
      }),
    );
  }

  /**
   * What a registration would be granted. Nothing is stored, nor counted.
   * @throws RegistryError with every field at fault
   */
  preview(submission: ClientRequest, { policy }: RegistrationPermit): ClientMetadata {
    return grant(submission, policy);
  }

  /**
   * The client that the token manages. The first use of a token that a replacement issued ends the one before.
   * @throws RegistryError `invalid_token`, alike for a wrong token and for a client that does not exist
   */
  async read(id: string, token: string): Promise<Client> {
    const isNext = requireManaged(token, await this.repository.findRegistrationTokens(id)) === 'next';
    if (isNext && !(await this.repository.promoteToken(id, hashSecret(token)))) {
      // Another request with it was faster, or a replacement has issued another one instead
      requireManaged(token, await this.repository.findRegistrationTokens(id));
    }
    const client = await this.lookup.find({ id });
    // It ended meanwhile
    if (client === null) throw wrongToken();
    return client;
  }

  /**
   * Replaces all that the client said of itself: what is left out is as if it had never been said. The reply has another
   * token; `token` stays good until that one is used, so that a lost reply locks nobody out. A client that authenticates with a secret only now gets one, and one that does not any more loses all.
   * @param registered the client as {@link read} found it for the token
   * @throws RegistryError `invalid_token`, or with every field at fault; nothing is changed then
   */
  async replace(
    registered: Client,
    token: string,
    readReplacement: (client: Client) => Promise<Replacement>,
    context: RequestContext,
  ): Promise<IssuedRegistration> {
    const { id } = registered;
    const replacement = await readReplacement(registered);
    const replace = async (registration: LockedRegistration) => {
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
      const policy = this.policyFor(await registration.initialAccessToken());
      const changed = changeProfile(
        client,
        grant({ ...submission, faults }, policy, namesOf(client)),
        context,
      );

      const needsOther = usesSecret(changed) !== usesSecret(client);
      const secret = needsOther ? secretFor(changed) : null;
      const revoked = needsOther ? await secrets.revokeAll(now) : [];
      const issued = secret === null ? [] : [(await secrets.add(secret, now)).id];
      const registrationToken = generateSecret();
      await registration.store(changed, token, registrationToken, [
        ...revoked.map((targetId) => ({ action: 'client_secret.revoked', targetId }) as const),
        ...issued.map((targetId) => ({ action: 'client_secret.issued', targetId }) as const),
      ]);
      return { client: changed, secret, registrationToken };
    };
    return this.repository.withRegistration(id, asRegistration(id, context), (registration) =>
      replace(managedBy(token, registration)),
    );
  }

  /**
   * Removes the client, with its secrets and its token; for good where unused clients are bounded and it is one, unless its past
   * is more than one event has room for.
   * @throws RegistryError `invalid_token`, or `rate_limited` where too many unused ones were removed by themselves
   */
  async remove(id: string, token: string, context: RequestContext): Promise<void> {
    await this.repository.withRegistration(id, asRegistration(id, context), (found) => {
      const registration = managedBy(token, found);
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

  private noteRegistration(): void {
    this.counts.count('created');
    if (registrations.hasSubscribers) registrations.publish({ result: 'registered' });
  }

  private policyFor(token: InitialAccessToken | null): RegistrationPolicy {
    return token === null ? this.policy : intersectPolicy(this.policy, token);
  }
}

/**
 * What is granted of a submission under a policy.
 * @param knownNames that the client has already
 */
function grant(
  submission: ClientRequest,
  policy: RegistrationPolicy,
  knownNames: readonly string[] = [],
): ClientMetadata {
  const rules = [...CLIENT_RULES, ...registrationRules(policy, knownNames)];
  return applyDefaults(restrictToPolicy(validateOrThrow(submission, rules), policy));
}

/** In all languages. */
const namesOf = ({ name, metadata }: Client) => [name, ...translatedNames(metadata)];

/** Software that manages its own registration. */
const asRegistration = (clientId: string, context: RequestContext): RequestContext => ({
  ...context,
  actor: { type: 'registration_token', id: clientId },
});

/** The registration, if the token manages it. */
function managedBy(token: string, registration: LockedRegistration | null): LockedRegistration {
  requireManaged(token, registration);
  return registration!;
}

/**
 * Which of its tokens it is that manages the registration.
 * @throws RegistryError `invalid_token` where it is none of them, `insufficient_scope` where the client is disabled
 */
function requireManaged(token: string, registration: RegistrationTokens | null): 'current' | 'next' {
  // Both are compared, so that the time does not tell which one it was
  const isCurrent = matchesHash(token, registration?.tokenHash ?? NO_TOKEN_HASH);
  const isNext = matchesHash(token, registration?.nextTokenHash ?? NO_TOKEN_HASH);
  if (registration === null || !(isCurrent || isNext)) throw wrongToken();
  // RFC 7592 §2.1 to §2.3: 403 for who must not do it
  if (registration.status !== 'active') {
    throw new RegistryError('insufficient_scope', 'The client is disabled. Only an operator can enable it.');
  }
  return isNext ? 'next' : 'current';
}

const wrongToken = () =>
  new RegistryError('invalid_token', 'The registration access token is malformed, unknown or revoked.');
