import type { ClientProfile, ExtendedMetadata } from './client.js';

type Fields = Omit<ClientProfile, 'metadata'> & Required<ExtendedMetadata>;

/** Whether a field that has changed allows the client no more than before. */
type Narrows = (before: never, after: never) => boolean;

const never: Narrows = () => false;
const isSubset: Narrows = (before: readonly string[], after: readonly string[]) =>
  after.every((entry) => before.includes(entry));
/** Some servers take a client without scopes for one that may have any. */
const isPart: Narrows = (before: readonly string[], after: readonly string[]) =>
  after.length > 0 && isSubset(before as never, after as never);

/**
 * For each field, whether a change only narrows what the client may do. Everything else is what the operator looked at: also
 * a contact or a key that is only removed, since the rest then stands for the client.
 */
const NARROWS: Readonly<Record<keyof Fields, Narrows>> = {
  name: never,
  type: never,
  tokenEndpointAuthMethod: never,
  grantTypes: isSubset,
  scopes: isPart,
  redirectUris: isSubset,
  requirePkce: (before: boolean, after: boolean) => after || !before,
  logoUri: never,
  policyUri: never,
  tosUri: never,
  clientUri: never,
  contacts: never,
  jwksUri: never,
  jwks: never,
  tokenEndpointAuthSigningAlg: never,
  softwareId: never,
  softwareVersion: never,
  softwareStatement: never,
  applicationType: never,
  translations: never,
};

const fieldsOf = ({ metadata, ...profile }: ClientProfile): Partial<Fields> => ({ ...profile, ...metadata });

/** Whether a client for which an operator vouched may keep its mark when somebody else makes `after` of it. */
export function staysVerified(before: ClientProfile, after: ClientProfile): boolean {
  const [old, now] = [fieldsOf(before), fieldsOf(after)];
  return (Object.keys(NARROWS) as (keyof Fields)[]).every(
    (field) =>
      JSON.stringify(old[field]) === JSON.stringify(now[field]) ||
      NARROWS[field](old[field] as never, now[field] as never),
  );
}
