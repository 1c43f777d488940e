import { Inject, Injectable } from '@nestjs/common';
import type { RequestContext } from '../../audit/audit-event.js';
import { CONFIG, type Config } from '../../config/variables.js';
import { registrations } from '../../diagnostics/channels.js';
import { RegistryError } from '../../errors/registry-error.js';
import type { ClientMetadata } from '../../policy/client.js';
import {
  addDefaultScopes,
  type RegistrationMode,
  type RegistrationPolicy,
} from '../../policy/registration.js';
import { generateSecretPair } from '../../secrets/secret.js';
import { AnonymousClientQuota } from '../anonymous/anonymous-client-quota.js';
import type { IssuedRegistration, Owner, Provenance } from '../client/client.js';
import type { ClientRequest } from '../client/client-request.js';
import { issueClient } from '../client/issue-client.js';
import { InitialAccessTokensService } from '../initial-access-tokens/initial-access-tokens.service.js';
import { ClientsRepository } from '../registry/clients.repository.js';
import { DeduplicatedRegistrations } from './deduplicated-registrations.js';
import { RegistrationCountsService } from './registration-counts.service.js';
import { grant, RegistrationPolicies } from './registration-policies.js';
import { RegistrationsRepository } from './registrations.repository.js';

/** Under which policy a caller may register. */
export interface RegistrationPermit {
  /** The owner of the new client; null for none. */
  owner: Owner | null;
  policy: RegistrationPolicy;
  initialAccessTokenId: string | null;
}

/** The owner of a client that registered itself without credentials. */
const NO_OWNER: Provenance = { orgId: null, userId: null, source: 'dynamic', initialAccessTokenId: null };

/** Dynamic registration (RFC 7591): the same service as other interfaces, with additional rejections. */
@Injectable()
export class RegistrationsService {
  private readonly mode: RegistrationMode;

  constructor(
    private readonly repository: RegistrationsRepository,
    private readonly clients: ClientsRepository,
    private readonly initialAccessTokens: InitialAccessTokensService,
    private readonly policies: RegistrationPolicies,
    private readonly pool: AnonymousClientQuota,
    private readonly shared: DeduplicatedRegistrations,
    private readonly counts: RegistrationCountsService,
    @Inject(CONFIG) private readonly config: Config,
  ) {
    this.mode = config.registrationMode;
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
      return { owner: token, policy: this.policies.policyFor(token), initialAccessTokenId: token.id };
    }
    if (this.mode === 'token' && owner === null) {
      throw new RegistryError(
        'unauthorized',
        'Registration requires an initial access token, an API key or a JWT: send "Authorization: Bearer TOKEN".',
      );
    }
    const requiresStatement = this.mode === 'statement' && owner === null;
    return {
      owner,
      policy: { ...this.policies.policyFor(null), requiresStatement },
      initialAccessTokenId: null,
    };
  }

  /**
   * Registers a client.
   * @throws RegistryError with every field at fault, or `invalid_token` if the initial access token was used up
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
    const [secret, registrationToken] = generateSecretPair();
    const issued = issueClient(profile, provenance, this.config.registrationSecretTtlMs, secret);
    await this.clients.insert(issued, context, registrationToken);
    this.noteRegistration();
    return { ...issued, registrationToken };
  }

  private registerAnonymously(profile: ClientMetadata, context: RequestContext): Promise<IssuedRegistration> {
    // The same statement is from the same software, which has the secret of its first registration
    const isShareable = profile.type === 'public' || profile.metadata.softwareStatement !== undefined;
    if (!this.config.registrationReuse || !isShareable) {
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
    return addDefaultScopes(grant(submission, policy), policy);
  }

  private noteRegistration(): void {
    this.counts.count('created');
    if (registrations.hasSubscribers) registrations.publish({ result: 'registered' });
  }
}
