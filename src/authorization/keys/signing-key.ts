/** The public part of a signing key, as the JWK Set shows it (RFC 7517). */
export interface PublicJwk {
  kty: 'EC';
  crv: 'P-256';
  x: string;
  y: string;
}

/** `next` is announced, `current` signs, `retired` only verifies. */
export type SigningKeyStatus = 'next' | 'current' | 'retired';

/** A key that signs access tokens. The private part exists inside of the signer only. */
export interface SigningKey {
  kid: string;
  publicJwk: PublicJwk;
  createdAt: Date;
  activeFrom: Date;
}
