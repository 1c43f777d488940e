import { generateSecret } from '../../secrets/secret.js';

/** What clients are given, with the prefix of each, by which scanners find leaked ones. */
const PREFIXES = { access: 'oca_', refresh: 'ocf_', code: 'occ_' } as const;
export type IssuedKind = keyof typeof PREFIXES;

/** Authorization requests that were pushed or wait for consent, and sign-ins at the identity provider, are stored alike. */
export type TokenKind = IssuedKind | 'pushed' | 'consent' | 'login';

/** A prefix for the kind, and 256 random bits. */
export const generateToken = (kind: IssuedKind): string => `${PREFIXES[kind]}${generateSecret()}`;

/** Whether a string looks like a token that clients are given. */
export const isIssued = (token: string): boolean =>
  Object.values(PREFIXES).some((prefix) => token.startsWith(prefix));
