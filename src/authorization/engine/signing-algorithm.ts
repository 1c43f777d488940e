/** The algorithm that signs JWT access tokens. */
export const SIGNING_ALGORITHM = 'ES256';
