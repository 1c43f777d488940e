import { closestMatch } from 'leven';

/** Prefixes that are ours alone, so that an unknown name under them is a mistake. */
export const OWN_PREFIXES =
  /^(?:REGISTRATION_|AUTH_JWT_|BOOTSTRAP_|RATE_LIMIT_|MAX_CLIENTS_|SOFTWARE_STATEMENT_|DELETED_CLIENT_|AUDIT_|PURGE_|AUTHORIZATION_|SIGNING_KEY_|ADMIN_CONSOLE|GRAPHQL_EXPLORER)/;

/** What Kubernetes puts into every environment for a Service that is called, say, `registration`. */
export const SERVICE_LINK = /_(?:SERVICE_HOST|SERVICE_PORT\w*|PORT|PORT_\d\w*)$/;

/** Names that other programs have for our variables, too far from ours to be misspellings. */
const ALIASES: readonly [RegExp, string][] = [
  [/^(?:DB|PG|POSTGRES|POSTGRESQL|SQLITE)_?(?:URL|URI|DSN)$/, 'DATABASE_URL'],
  [/^TRUST(?:ED)?_PROX(?:Y|IES)$/, 'TRUST_PROXY'],
  [/^NODE_ENVIRONMENT$/, 'NODE_ENV'],
];

/** Among shorter names, unrelated ones are near each other: PORT, HOST, POST. */
const MIN_LENGTH = 8;
const MAX_DISTANCE = 2;

/**
 * The error for an operator that set the variable `name`; undefined if it is `known`, or another program's.
 * @param env where other programs' variables live, too: what is near a variable that is set there is theirs; null: none do
 */
export function nameFault(
  name: string,
  known: readonly string[],
  env: NodeJS.ProcessEnv | null = null,
): string | undefined {
  if (known.includes(name) || (env !== null && SERVICE_LINK.test(name))) return undefined;
  const isOwn = OWN_PREFIXES.test(name);
  const meant = variableMeant(name, known);
  if (meant === undefined) {
    return isOwn ? `${name} is not a variable of this service; it knows ${known.join(', ')}` : undefined;
  }
  if (!isOwn && env?.[meant]?.trim()) return undefined;
  return `${name} is not a variable of this service; did you mean ${meant}? Set ${meant}, or remove ${name}`;
}

function variableMeant(name: string, known: readonly string[]): string | undefined {
  const upper = name.toUpperCase().replace(/[-.]/g, '_');
  if (known.includes(upper)) return upper;
  const alias = ALIASES.find(([names]) => names.test(upper));
  if (alias !== undefined) return alias[1];
  if (upper.length < MIN_LENGTH) return undefined;
  const candidates = known.filter(({ length }) => length >= MIN_LENGTH);
  return closestMatch(upper, candidates, { maxDistance: MAX_DISTANCE });
}
