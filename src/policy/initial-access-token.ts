import { GRANT_TYPES, isGrantType } from './grants/grant-types.js';
import { isRedirectHost } from './uris/redirect-host.js';
import type { RegistrationLimits } from './registration.js';
import type { FieldErrors } from './rules.js';
import { scopeFaults } from './grants/scope.js';
import { ownerNameFaults } from './names/owner-name.js';
import { textFaults } from './names/text.js';

const MAX_REGISTRATIONS = 1_000_000;
const MAX_REDIRECT_HOSTS = 50;

/** A request for an initial access token (RFC 7591 §3). */
export interface InitialAccessTokenDraft extends RegistrationLimits {
  /** The purpose of the token. */
  name: string;
  /** The owner of clients registered with the token. */
  orgId: string;
  userId: string;
  /** The maximum number of registrations. */
  maxRegistrations: number;
  expiresAt: Date;
}

type Judges = {
  [F in keyof InitialAccessTokenDraft]: (value: NonNullable<InitialAccessTokenDraft[F]>) => string[];
};

const unless = (isGood: boolean, fault: string) => (isGood ? [] : [fault]);

const judges = (now: Date): Judges => ({
  name: (name) => textFaults(name),
  orgId: (orgId) => ownerNameFaults(orgId),
  userId: (userId) => ownerNameFaults(userId),
  maxRegistrations: (max) =>
    unless(
      Number.isInteger(max) && max >= 1 && max <= MAX_REGISTRATIONS,
      `must be an integer from 1 to ${MAX_REGISTRATIONS}`,
    ),
  expiresAt: (expiresAt) => unless(expiresAt > now, 'must be in the future'),
  scopes: (scopes) => (scopes.length === 0 ? ['must contain at least one scope'] : scopeFaults(scopes)),
  grantTypes: (grants) =>
    unless(
      grants.length > 0 && grants.every(isGrantType),
      `must contain one or more of ${GRANT_TYPES.join(', ')}`,
    ),
  redirectHosts: (hosts) =>
    unless(
      hosts.length > 0 && hosts.length <= MAX_REDIRECT_HOSTS && hosts.every(isRedirectHost),
      `must contain 1 to ${MAX_REDIRECT_HOSTS} hosts such as example.com, localhost or *.example.com`,
    ),
});

/** Validates a request for an initial access token; errors by field. */
export function initialAccessTokenFaults(draft: InitialAccessTokenDraft, now: Date): FieldErrors {
  const found = Object.entries(judges(now)).map(([field, judge]): [string, string[]] => {
    const value = draft[field as keyof InitialAccessTokenDraft];
    return [field, value === null ? [] : judge(value as never)];
  });
  return Object.fromEntries(found.filter(([, faults]) => faults.length > 0));
}
