import { textFaults } from './names/text.js';
import type { FieldErrors } from './rules.js';
import { isScopeToken, MAX_SCOPE_LENGTH, MAX_SCOPES } from './grants/scope.js';
import { ACCESS_TOKEN_LIFETIME } from './token-lifetimes.js';
import { parseUri, withoutTrailingSlashes } from './uris/uri.js';

/** The format of access tokens for a resource: a random string, or a signed JWT (RFC 9068). */
export const TOKEN_FORMATS = ['opaque', 'jwt'] as const;
export type TokenFormat = (typeof TOKEN_FORMATS)[number];

/** What a client may do at a resource, as the user reads it. */
export interface ResourceScope {
  /** The scope token (RFC 6749 §3.3). */
  name: string;
  /** Null: the name. */
  title: string | null;
  description: string | null;
  /** Whether only verified clients and clients of organizations get it. */
  restricted: boolean;
}

/** The fields of a resource that operators set. */
export interface ResourceDraft {
  /** An absolute URI without a trailing slash (RFC 8707 §2). */
  identifier: string;
  name: string;
  /** None: it accepts the scopes that any resource defines or, if none does, those that clients registered. */
  scopes: readonly ResourceScope[];
  tokenFormat: TokenFormat;
  accessTokenLifetimeSeconds: number;
}

const MAX_TITLE_LENGTH = 100;

/** Identifiers are compared without a trailing slash. */
export const normalizeIdentifier = withoutTrailingSlashes;

/** Validates an identifier (RFC 8707 §2). */
export function identifierFaults(identifier: string): string[] {
  const uri = parseUri(identifier);
  if (typeof uri === 'string') return [uri];
  return identifier.includes('#') ? ['must not contain a fragment (RFC 8707 §2)'] : [];
}

/** Validates a resource; errors by field. */
export function resourceFaults(draft: ResourceDraft): FieldErrors {
  const { identifier, name, scopes, accessTokenLifetimeSeconds: seconds } = draft;
  const { min, max } = ACCESS_TOKEN_LIFETIME;
  const isLifetime = Number.isInteger(seconds) && seconds >= min && seconds <= max;
  const found: FieldErrors = {
    identifier: identifierFaults(identifier),
    name: textFaults(name),
    scopes: scopesFaults(scopes),
    accessTokenLifetimeSeconds: isLifetime ? [] : [`must be an integer from ${min} to ${max}`],
  };
  return Object.fromEntries(Object.entries(found).filter(([, faults]) => faults.length > 0));
}

/** Each error contains the number of its entry. */
function scopesFaults(scopes: readonly ResourceScope[]): string[] {
  if (scopes.length > MAX_SCOPES) return [`must have at most ${MAX_SCOPES} entries`];
  const names = scopes.map(({ name }) => name);
  if (new Set(names).size < names.length) return ['must contain each scope once'];
  return scopes.flatMap(({ name, title, description }, index) =>
    [
      ...(isScopeToken(name)
        ? []
        : [
            `name must be a scope-token of 1 to ${MAX_SCOPE_LENGTH} printable ASCII characters (RFC 6749 §3.3)`,
          ]),
      ...(title === null ? [] : textFaults(title, MAX_TITLE_LENGTH)).map((fault) => `title ${fault}`),
      ...(description === null ? [] : textFaults(description)).map((fault) => `description ${fault}`),
    ].map((fault) => `entry ${index + 1}: ${fault}`),
  );
}
