import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { CONFIG, type Config } from '../../config/variables.js';
import type { ClientMetadata } from '../../policy/client.js';
import { applyDefaults } from '../../policy/defaults.js';
import {
  intersectPolicy,
  type RegistrationPolicy,
  registrationRules,
  restrictToPolicy,
} from '../../policy/registration.js';
import { reservedNameIn } from '../../policy/reserved-name.js';
import { CLIENT_RULES } from '../../policy/rules.js';
import { type ClientRequest, validateOrThrow } from '../client/client-request.js';
import type { InitialAccessToken } from '../initial-access-tokens/initial-access-token.js';

/** What registrations are granted: the policy of the operator, with the limits of initial access tokens. */
@Injectable()
export class RegistrationPolicies implements OnModuleInit {
  private policy: RegistrationPolicy;

  constructor(@Inject(CONFIG) private readonly config: Config) {
    const { allowed, denied } = config.registrationRedirectHosts;
    this.policy = {
      profile: config.registrationMetadata,
      requiresStatement: false,
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
    // Loaded only if names are reserved: thousands of characters
    const { loadConfusables } = await import('../../policy/names/confusables.js');
    this.policy = { ...this.policy, reservedNameIn: reservedNameIn(names, loadConfusables()) };
  }

  /** The policy for a registration with this initial access token; null: without one. */
  policyFor(token: InitialAccessToken | null): RegistrationPolicy {
    return token === null ? this.policy : intersectPolicy(this.policy, token);
  }
}

/**
 * What is granted of a submission under a policy.
 * @param registered the client that is changed
 */
export function grant(
  submission: ClientRequest,
  policy: RegistrationPolicy,
  registered?: ClientMetadata,
): ClientMetadata {
  const rules = [...CLIENT_RULES, ...registrationRules(policy, registered)];
  return applyDefaults(restrictToPolicy(validateOrThrow(submission, rules), policy, registered));
}
