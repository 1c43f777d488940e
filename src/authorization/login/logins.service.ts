import { Injectable } from '@nestjs/common';
import type { RequestContext } from '../../audit/audit-event.js';
import { RegistryError } from '../../errors/registry-error.js';
import { decrypt, encrypt } from '../../secrets/encryption.js';
import { generateSecret, hashSecret } from '../../secrets/secret.js';
import { noSuchRequest, type Rejection, userHash } from '../consent/consent.service.js';
import { maxSignInAge, type SignInParameters, signInWish } from '../consent/sign-in-age.js';
import { TokensRepository } from '../tokens/tokens.repository.js';
import { IdentityProvider, type LoginChecks, LoginRefused, type SignedInUser } from './identity-provider.js';

/** How long a user may take to sign in. */
const LOGIN_MS = 600_000;

/** What is encrypted with the secret of a browser, so that only this browser can go on. */
const LOGIN = 'a login';
const SIGNED_IN = 'a signed-in user';

/** A sign-in under way. */
interface Login extends LoginChecks {
  consentToken: string;
}

/** What came of a sign-in. */
export interface LoginOutcome {
  consentToken: string;
  /** The error of the identity provider; null: the user is signed in. */
  refusal: Rejection | null;
}

/**
 * Users who sign in at the identity provider, for one consent request each. The browser holds a random secret in a cookie. What is known of
 * the sign-in, and then of the user, is stored encrypted with it: the database alone tells nothing, nor does the cookie.
 */
@Injectable()
export class LoginsService {
  constructor(
    private readonly provider: IdentityProvider,
    private readonly tokens: TokensRepository,
  ) {}

  /**
   * Where to send a browser for the sign-in.
   * @param browser the secret in its cookie
   * @throws RegistryError `not_found` if the consent token is of no use, `temporarily_unavailable` if the provider is, `rate_limited`
   */
  async begin(
    consentToken: string,
    browser: string,
    redirectUri: string,
    context: RequestContext,
  ): Promise<string> {
    const consent = await this.tokens.find(hashSecret(consentToken));
    const now = new Date();
    const isOpen = consent?.kind === 'consent' && consent.consumedAt === null && consent.expiresAt > now;
    if (!isOpen) throw noSuchRequest();
    const wish = signInWish(consent.payload.params as SignInParameters);
    const { location, checks } = await this.provider.begin(
      redirectUri,
      generateSecret(),
      loginPrompt(wish.prompt),
      // The browser could leave a prompt out, and the answer would not show it
      maxSignInAge(wish) ?? undefined,
    );
    const login: Login = { ...checks, consentToken };
    const row = {
      hash: hashSecret(checks.state),
      kind: 'login' as const,
      clientId: consent.clientId,
      grantId: null,
      payload: { sealed: encrypt(browser, LOGIN, JSON.stringify(login)) },
      createdAt: now,
      expiresAt: new Date(now.getTime() + LOGIN_MS),
      consumedAt: null,
      sealedReply: null,
      seenBy: null,
    };
    // As authorization requests are
    context.spend?.(null, Buffer.byteLength(JSON.stringify(row)));
    await this.tokens.commit({ insert: [row] }, context);
    return location;
  }

  /**
   * Takes the answer of the provider, once and from the browser that was sent there. The consent request is then the user's alone.
   * @param browser the secret of the browser; null: it has none
   * @throws RegistryError `invalid_request` if it is no answer to a sign-in of this browser
   * @throws LoginFailed if the user may try again
   */
  async finish(callback: URL, browser: string | null): Promise<LoginOutcome> {
    const { consentToken, ...checks } = await this.take(callback.searchParams.get('state'), browser);
    try {
      const user = await this.provider.finish(callback, checks);
      const sealed = encrypt(browser!, SIGNED_IN, JSON.stringify(user));
      const isBound = await this.tokens.bind(hashSecret(consentToken), userHash(user), sealed);
      if (!isBound) throw noSuchRequest();
      return { consentToken, refusal: null };
    } catch (error) {
      if (error instanceof LoginRefused) return { consentToken, refusal: error.code };
      throw new LoginFailed(consentToken, error);
    }
  }

  /** The user who signed in for a consent request with this browser; null: none has. */
  async userOf(consentToken: string, browser: string | null): Promise<SignedInUser | null> {
    const consent = await this.tokens.find(hashSecret(consentToken));
    const sealed = consent?.kind === 'consent' ? consent.sealedReply : null;
    return sealed === null || browser === null ? null : open<SignedInUser>(browser, SIGNED_IN, sealed);
  }

  /** The sign-in with a state. One statement decides that it is over. */
  private async take(state: string | null, browser: string | null): Promise<Login> {
    const row = state === null ? null : await this.tokens.find(hashSecret(state));
    if (row?.kind !== 'login' || row.expiresAt <= new Date() || browser === null) throw noSuchLogin();
    const login = open<Login>(browser, LOGIN, row.payload.sealed as string);
    if (login === null || !(await this.tokens.commit({ consume: row.hash, insert: [] }))) throw noSuchLogin();
    const { maxAge } = login;
    // Users may take their time at the provider: their age is that at the beginning
    return maxAge === undefined ? login : { ...login, maxAge: maxAge + secondsSince(row.createdAt) };
  }
}

const secondsSince = (time: Date): number => Math.max(0, Math.ceil((Date.now() - time.getTime()) / 1000));

/** What of the client's prompt is for the provider: consent is asked here. */
const loginPrompt = (prompt: readonly string[]) =>
  prompt.filter((word) => word !== 'consent').join(' ') || undefined;

/** A sign-in that failed; the consent request is as it was. */
export class LoginFailed extends Error {
  constructor(
    readonly consentToken: string,
    cause: unknown,
  ) {
    super('The sign-in failed.', { cause });
  }
}

const noSuchLogin = () =>
  new RegistryError(
    'invalid_request',
    'The sign-in was begun in another browser, has expired or is over. Start again at the client.',
  );

/** Null: it was encrypted for another browser. */
function open<T>(browser: string, purpose: string, sealed: string): T | null {
  try {
    return JSON.parse(decrypt(browser, purpose, sealed)) as T;
  } catch {
    return null;
  }
}
