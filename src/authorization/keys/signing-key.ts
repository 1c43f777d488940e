/** The public part of a signing key, as the JWK Set shows it (RFC 7517). */
export interface PublicJwk {
  kty: 'EC';
  crv: 'P-256';
  x: string;
  y: string;
}

/** `next` is announced, `current` signs, `retired` only verifies. */
export const SIGNING_KEY_STATUSES = ['next', 'current', 'retired'] as const;
export type SigningKeyStatus = (typeof SIGNING_KEY_STATUSES)[number];

/** A key that signs access tokens. The private part exists inside of the signer only. */
export interface SigningKey {
  kid: string;
  publicJwk: PublicJwk;
  createdAt: Date;
  activeFrom: Date;
}

/** A key of the JWK Set. */
export interface PublishedKey extends SigningKey {
  status: SigningKeyStatus;
}
