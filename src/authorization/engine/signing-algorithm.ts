/** Of access tokens that are JWTs. */
export const SIGNING_ALGORITHM = 'ES256';
