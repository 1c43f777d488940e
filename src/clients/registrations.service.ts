import { Inject, Injectable } from '@nestjs/common';
import { validate as isClientId } from 'uuid';
import { CONFIG, type Config } from '../config/config.js';
import { RegistryError } from '../errors/registry-error.js';
import { generateSecret, hashSecret, matchesHash } from '../secrets/secret.js';
import type { Client, IssuedRegistration, Owner } from './client.js';
import { ClientsRepository, type LockedRegistration, type Registration } from './clients.repository.js';
import { changeClient, issueClient, secretFor } from './issue-client.js';
import type { ClientProfile } from './policy/client.js';
import {
  narrow,
  type RegistrationMode,
  type RegistrationPolicy,
  registrationRules,
} from './policy/registration.js';
import { CLIENT_RULES, type Rule } from './policy/rules.js';
import { settle } from './policy/settle.js';
import { accept, type Submission } from './submission.js';

/** A full replacement of a registration (RFC 7592 §2.2). */
export interface Replacement {
  submission: Submission;
  /** The client_id that the request names; must be the client's. */
  clientId: unknown;
  /** A client_secret that the request names; must be the client's. Undefined: none. */
  clientSecret: unknown;
}

/** A hash that no token has, to compare with where there is no registration: it takes the same time. */
const NO_TOKEN_HASH = hashSecret(generateSecret());

/** Software that speaks for itself (RFC 7591), and manages what it registered (RFC 7592): behind more refusals. */
@Injectable()
export class RegistrationsService {
  private readonly mode: RegistrationMode;
  private readonly policy: RegistrationPolicy;
  private readonly rules: readonly Rule[];

  constructor(
    private readonly repository: ClientsRepository,
    @Inject(CONFIG) config: Config,
  ) {
    this.mode = config.registrationMode;
    this.policy = {
      profile: config.registrationMetadata,
      allowedScopes: config.registrationAllowedScopes,
      defaultScopes: config.registrationDefaultScopes,
      allowedGrantTypes: config.registrationAllowedGrantTypes,
    };
    this.rules = [...registrationRules(this.policy), ...CLIENT_RULES];
  }

  /**
   * Registers a client.
   * @param owner the caller, where it is known
   * @throws RegistryError where the operator does not let the caller register, or with every field at fault; nothing is
   *   stored then
   */
  async register(submission: Submission, owner: Owner | null): Promise<IssuedRegistration> {
    const issued = issueClient(this.preview(submission, owner), owner, 'dynamic');
    const registrationToken = generateSecret();
    await this.repository.insert(issued.client, issued.secret, registrationToken);
    return { ...issued, registrationToken };
  }

  /**
   * What a registration would be granted. Nothing is stored.
   * @throws RegistryError as `register` would
   */
  preview(submission: Submission, owner: Owner | null): ClientProfile {
    if (this.mode === 'closed') {
      throw new RegistryError('insufficient_scope', 'Registration is closed here.');
    }
    if (this.mode === 'token' && owner === null) {
      throw new RegistryError(
        'unauthorized',
        'Registration takes credentials here: "Authorization: Bearer KEY".',
      );
    }
    return this.grant(submission);
  }

  /**
   * The client that the token manages.
   * @throws RegistryError `invalid_token`, alike for a wrong token and for a client that does not exist
   */
  async read(id: string, token: string): Promise<Client> {
    const registration = isClientId(id) ? await this.repository.findRegistration(id) : null;
    return managedBy(token, registration).client;
  }

  /**
   * Replaces all that the client said of itself: what is left out is as if it had never been said. The token is replaced
   * too; a client that can keep a secret only now gets one, and one that cannot any more loses all.
   * @throws RegistryError `invalid_token`, or with every field at fault; nothing is changed then
   */
  async replace(id: string, token: string, replacement: Replacement): Promise<IssuedRegistration> {
    return this.withManaged(id, token, async ({ client, secrets, store }) => {
      const { submission, clientId, clientSecret } = replacement;
      const now = new Date();
      const faults = { ...submission.faults };
      if (clientId !== client.id) faults.client_id = ['must be the client_id of this registration'];
      const isSecretGood =
        clientSecret === undefined ||
        (typeof clientSecret === 'string' && (await secrets.accepts(clientSecret, now)));
      if (!isSecretGood) faults.client_secret = ['must be left out, or be the current client_secret'];
      const changed = changeClient(client, this.grant({ ...submission, faults }));

      const secret = changed.type === client.type ? null : secretFor(changed.type);
      if (changed.type !== client.type) await secrets.revokeAll(now);
      if (secret !== null) await secrets.add(secret, now);
      const registrationToken = generateSecret();
      await store(changed, registrationToken);
      return { client: changed, secret, registrationToken };
    });
  }

  /**
   * Removes the client, with its secrets and its token.
   * @throws RegistryError `invalid_token`
   */
  async remove(id: string, token: string): Promise<void> {
    await this.withManaged(id, token, ({ remove }) => remove());
  }

  private grant(submission: Submission): ClientProfile {
    return settle(narrow(accept(submission, this.rules), this.policy));
  }

  private async withManaged<T>(
    id: string,
    token: string,
    work: (registration: LockedRegistration) => Promise<T>,
  ): Promise<T> {
    if (!isClientId(id)) return work(managedBy<LockedRegistration>(token, null));
    return this.repository.withRegistration(id, (registration) => work(managedBy(token, registration)));
  }
}

/** The registration, if the token manages it. */
function managedBy<R extends Registration>(token: string, registration: R | null): R {
  const isManaged = matchesHash(token, registration?.tokenHash ?? NO_TOKEN_HASH);
  if (registration !== null && isManaged) return registration;
  throw new RegistryError('invalid_token', 'The registration access token is malformed, unknown or revoked.');
}
