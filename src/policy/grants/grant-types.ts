/** The grants that this registry offers. */
export const GRANT_TYPES = ['client_credentials', 'authorization_code', 'refresh_token'] as const;

export type GrantType = (typeof GRANT_TYPES)[number];

/** Grants of RFC 7591 §2 that are registered, yet not offered here: RFC 9700 §2.1.2 and §2.4 advise against both. */
const REGISTERED_ELSEWHERE: readonly string[] = ['implicit', 'password'];

/** Extension grants: `urn:ietf:params:oauth:grant-type:device_code`, `…:jwt-bearer` and others. */
const REGISTERED_URN = /^urn:ietf:params:oauth:grant-type:[\w.:-]{1,100}$/;

/** Whether this registry offers the grant. */
export function isGrantType(value: string): value is GrantType {
  return (GRANT_TYPES as readonly string[]).includes(value);
}

/** Whether the grant exists, here or elsewhere. */
export function isRegisteredGrantType(value: string): boolean {
  return isGrantType(value) || REGISTERED_ELSEWHERE.includes(value) || REGISTERED_URN.test(value);
}

/** The grants among `values` that this registry offers, without repetition. */
export function offeredGrants(values: readonly string[]): GrantType[] {
  return [...new Set(values)].filter(isGrantType);
}
