import type { FieldNames } from '../../../policy/rules.js';

/** How operators know the fields of a client: in what they send, in what they are told, and in its history. */
export const FIELD_NAMES = {
  name: 'name',
  type: 'clientType',
  tokenEndpointAuthMethod: 'tokenEndpointAuthMethod',
  grantTypes: 'allowedGrantTypes',
  scopes: 'allowedScopes',
  redirectUris: 'redirectUris',
  requirePkce: 'requirePkce',
  logoUri: 'logoUri',
  policyUri: 'policyUri',
  tosUri: 'tosUri',
  clientUri: 'clientUri',
  contacts: 'contacts',
  jwksUri: 'jwksUri',
  jwks: 'jwks',
  tokenEndpointAuthSigningAlg: 'tokenEndpointAuthSigningAlg',
  softwareId: 'softwareId',
  softwareVersion: 'softwareVersion',
  softwareStatement: 'softwareStatement',
  applicationType: 'applicationType',
} as const satisfies FieldNames;

/** What those fields are, wherever they stand in the schema. */
export const ABOUT = {
  name: 'What people call the client; its clientId where it has no name.',
  orgId: 'The organization that owns it; null where it registered anonymously.',
  userId: 'The user it belongs to; null where it belongs to none.',
  clientType: 'Whether it can keep a secret (RFC 6749 §2.1).',
  tokenEndpointAuthMethod: 'How it proves who it is at the token endpoint (RFC 7591 §2).',
  allowedGrantTypes: 'Ways in which it may get tokens.',
  allowedScopes: 'Scopes that it may ask for.',
  redirectUris: 'Where authorization responses may be sent.',
  requirePkce: 'Whether it must use PKCE (RFC 7636).',
  logoUri: 'A picture to show beside the name.',
  policyUri: 'A page that says what is done with data about people.',
  tosUri: 'A page with the terms of service.',
  clientUri: 'A page about the client.',
  contacts: 'Ways to reach the people behind it.',
  jwksUri: 'Where its public keys are.',
  jwks: 'Its public keys: a JSON Web Key Set.',
  tokenEndpointAuthSigningAlg:
    'The only algorithm that it may sign assertions with, such as ES256; null: any. Kept for PRIVATE_KEY_JWT alone.',
  softwareId: 'The same for every instance and version of the software.',
  softwareVersion: 'The version of the software.',
  applicationType: 'Where it runs.',
  translations: 'Members of its metadata in other languages (RFC 7591 §2.2).',
} as const;
