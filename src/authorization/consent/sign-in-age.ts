import { refusal } from '../../clients/client/client-request.js';
import { splitScope } from '../../policy/grants/scope.js';

/** How a client wants its user to be asked (OpenID Connect Core §3.1.2.1). */
export interface SignInWish {
  prompt: readonly string[];
  /** How many seconds before the request the user may have signed in; null: at any time. */
  maxAge: number | null;
}

/** The same as parameters of an authorization request. */
export interface SignInParameters {
  prompt?: string;
  max_age?: string;
}

export const signInWish = ({ prompt = '', max_age: maxAge }: SignInParameters): SignInWish => ({
  prompt: splitScope(prompt),
  maxAge: maxAge === undefined ? null : Number(maxAge),
});

/** Clocks of two servers may differ by so much. */
const CLOCK_TOLERANCE_SECONDS = 30;

/** How many seconds before the request the user may have signed in: with `prompt=login` none. Null: at any time. */
export const maxSignInAge = ({ prompt, maxAge }: SignInWish): number | null =>
  prompt.includes('login') ? 0 : maxAge;

/**
 * Checks when a user has signed in.
 * @param authTime in seconds since 1970; undefined: not known
 * @throws RegistryError `validation_error` if that is earlier than the client wants, or in the future
 */
export function checkSignIn(wish: SignInWish, requestedAt: Date, authTime: number | undefined): void {
  const fault = faultOf(wish, requestedAt, authTime);
  if (fault !== null) throw refusal('validation_error', { auth_time: [fault] });
}

function faultOf(wish: SignInWish, requestedAt: Date, authTime: number | undefined): string | null {
  if (authTime !== undefined && authTime > Date.now() / 1000 + CLOCK_TOLERANCE_SECONDS) {
    return 'must not be in the future';
  }
  const maxAge = maxSignInAge(wish);
  if (maxAge === null) return null;
  const earliest = Math.floor(requestedAt.getTime() / 1000) - maxAge;
  if (authTime !== undefined && authTime >= earliest) return null;
  return (
    `must be at least ${earliest}, because the client sent prompt=login or max_age: have the user sign in again, ` +
    'and send when they did, in seconds since 1970'
  );
}
