import { hashSecret, matchesHash } from '../../secrets/secret.js';

const formSecret = (secret: string, consentToken: string) => `${secret} ${consentToken}`;

/**
 * What the form of a consent page has to contain to count as sent by the user: no other origin can read it (CSRF).
 * @param secret of the browser, in a cookie
 */
export const formTokenOf = (secret: string, consentToken: string): string =>
  hashSecret(formSecret(secret, consentToken));

/** Whether a form is one that the browser was shown. @param secret null: the browser has none */
export const isOwnForm = (secret: string | null, consentToken: string, formToken: string): boolean =>
  secret !== null && matchesHash(formSecret(secret, consentToken), formToken);
