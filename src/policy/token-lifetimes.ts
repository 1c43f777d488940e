/** In seconds; a resource can set another one. A retired signing key is published as long as the longest. */
export const ACCESS_TOKEN_LIFETIME = { min: 60, default: 3_600, max: 86_400 };

/** In seconds. */
export const AUTHORIZATION_CODE_LIFETIME = 60;

/** In seconds. */
export const REFRESH_TOKEN_LIFETIME = 30 * 86_400;

/** In seconds: how long a user can decide about an authorization request. */
export const AUTHORIZATION_REQUEST_LIFETIME = 600;
