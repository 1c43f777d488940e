import { Body, Controller, Get, Inject, Post, Query, Req, Res } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Authenticator } from '../../../auth/authenticator.js';
import { Access } from '../../../auth/principal/access-roles.js';
import type { Principal } from '../../../auth/principal/principal.js';
import { requestContextOf } from '../../../auth/principal/request-context.js';
import { ConsentService, type Decision, type User } from '../../../authorization/consent/consent.service.js';
import { maxSignInAge } from '../../../authorization/consent/sign-in-age.js';
import { IdentityProvider } from '../../../authorization/login/identity-provider.js';
import { LoginsService } from '../../../authorization/login/logins.service.js';
import { CONSENT_PATH, LOGIN_CALLBACK_PATH } from '../../../config/paths.js';
import { CONFIG, type Config } from '../../../config/variables.js';
import { type ErrorCode, RegistryError } from '../../../errors/registry-error.js';
import { exemptCredentials } from '../../../http/rate-limits/failed-auth.js';
import { readParameters } from '../../../http/requests/parameters.js';
import { AcceptsForms } from '../../../http/requests/request-body.js';
import { PublicUrl } from '../../../http/responses/public-url.js';
import { knownUrl } from '../../../policy/uris/uri.js';
import { consentUrl, redirectBrowser } from './browser-redirect.js';
import { consentPage, sendErrorPage, sendPage } from './consent-page.js';
import { SESSION_SECONDS } from '../../../auth/sessions/admin-sessions.service.js';
import { ConsentSessions } from '../../../auth/sessions/consent-sessions.js';
import { formTokenOf, isOwnForm } from '../../../auth/sessions/form-token.js';
import { isOwnPage } from '../../../auth/sessions/own-page.js';
import { newSecret } from '../../../auth/sessions/secret-cookie.js';
import { LoginCookie } from './login-cookie.js';

/** Consent without a portal: a page for users who sign in at the identity provider or have an API key. It has no scripts. */
@Controller(CONSENT_PATH)
@Access('public')
@ApiExcludeController()
export class ConsentPageController {
  constructor(
    private readonly consent: ConsentService,
    private readonly provider: IdentityProvider,
    private readonly logins: LoginsService,
    private readonly cookie: LoginCookie,
    private readonly sessions: ConsentSessions,
    private readonly authenticator: Authenticator,
    private readonly publicUrl: PublicUrl,
    @Inject(CONFIG) private readonly config: Pick<Config, 'authorizationConsentUrl'>,
  ) {}

  @Get()
  async show(
    @Query('consent_token') consentToken: unknown,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const token = textOf(consentToken);
    await this.answer(request, reply, token, async () => {
      const user = await this.knownUser(token, request);
      if (user === null && this.provider.isConfigured) return this.signIn(token, request, reply);
      const asked = await this.consent.describe(token, user);
      const issuer = this.publicUrl.of('');
      const context = requestContextOf(request, 'rest');
      if (user !== null && asked.isGranted && !asked.prompt.includes('consent')) {
        return redirectBrowser(reply, await this.consent.decide(issuer, token, user, decided(true), context));
      }
      if (asked.prompt.includes('none')) {
        const error = user === null ? 'login_required' : 'consent_required';
        return redirectBrowser(reply, await this.consent.reject(issuer, token, user, error, context));
      }
      const page = consentPage(token, asked, user ?? this.keyForm(token, request, reply, false));
      return sendPage(request, reply, 200, page, asked.redirectUri);
    });
  }

  @Post()
  @AcceptsForms()
  async decide(
    @Body() body: unknown,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const parameters = readParameters(body);
    const {
      consent_token: token = '',
      api_key: apiKey = '',
      form_token: formToken = '',
      decision,
    } = parameters;
    await this.answer(request, reply, token, async () => {
      const issuer = this.publicUrl.of('');
      // The referrer policy of the page hides its origin
      if (!isOwnPage(request, knownUrl(issuer), true)) throw fromElsewhere();
      const isOwn = isOwnForm(this.secretOf(request), token, formToken);
      if (isOwn && decision === 'sign-out') {
        await this.sessions.end(request, reply);
        return redirectBrowser(reply, consentUrl(issuer, token));
      }
      // Before a key is judged: a wrong one would be a 404, which is not counted
      const asked = await this.consent.describe(token, null);
      const known = isOwn ? await this.knownUser(token, request) : null;
      if (known === null && apiKey !== '' && !this.provider.isConfigured) {
        // Or a page of another site could sign the browser in: over http, browsers do not say who sent a form
        if (!isOwnForm(this.cookie.read(request), token, formToken)) throw fromElsewhere();
      }
      const user = known ?? (await this.keyHolder(token, apiKey, request, reply));
      if (user === null) {
        const page = consentPage(token, asked, this.keyForm(token, request, reply, true));
        return sendPage(request, reply, 401, page, asked.redirectUri);
      }
      const context = requestContextOf(request, 'rest');
      await redirectBrowser(
        reply,
        await this.consent.decide(issuer, token, user, decided(decision === 'allow'), context),
      );
    });
  }

  private async signIn(token: string, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const browser = this.secretFor(request);
    const location = await this.logins.begin(
      token,
      browser,
      this.publicUrl.of(LOGIN_CALLBACK_PATH),
      requestContextOf(request, 'rest'),
    );
    this.cookie.write(reply, browser);
    await redirectBrowser(reply, location);
  }

  /** Asks for an API key. Only this browser can send the form, which has a token for its cookie. */
  private keyForm(token: string, request: FastifyRequest, reply: FastifyReply, isKeyRejected: boolean) {
    const browser = this.secretFor(request);
    this.cookie.write(reply, browser);
    return { formToken: formTokenOf(browser, token), isKeyRejected };
  }

  /** What ties a sign-in to the browser: its secret, or a new one. */
  private secretFor(request: FastifyRequest): string {
    return this.cookie.read(request) ?? newSecret();
  }

  /** What the browser has in its cookie; null: nothing. */
  private secretOf(request: FastifyRequest): string | null {
    return this.provider.isConfigured ? this.cookie.read(request) : this.sessions.secretOf(request);
  }

  /** Null: the browser has no user for this request, or the user must show the API key again. */
  private async knownUser(token: string, request: FastifyRequest): Promise<PageUser | null> {
    const secret = this.secretOf(request);
    if (secret === null) return null;
    const formToken = formTokenOf(secret, token);
    if (this.provider.isConfigured) {
      const user = await this.logins.userOf(token, secret);
      if (user !== null) this.actAs(principalOf(user), request);
      return user && { ...user, formToken, hasSession: false };
    }
    const user = await this.sessions.userOf(request);
    if (user === null) return null;
    const maxAge = maxSignInAge(await this.consent.describe(token, null));
    // Any session can be that old
    if (maxAge !== null && maxAge < SESSION_SECONDS) return null;
    this.actAs(user, request);
    return { ...user, name: user.userId, formToken, hasSession: true };
  }

  /** As a user whom the cookie identifies: other credentials of the request are ignored, and count neither as valid nor as invalid. */
  private actAs(user: Principal, request: FastifyRequest): void {
    request.principal = user;
    exemptCredentials(request);
  }

  /**
   * Null: the API key is none, or one of a role that has no users. A session remembers its holder.
   * @throws RegistryError `unauthorized` if users sign in otherwise
   */
  private async keyHolder(
    token: string,
    apiKey: string,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<User | null> {
    // No redirect: the policy of the page allows forms to lead to the client only
    if (this.provider.isConfigured) throw signedOut();
    const principal = await this.authenticate(apiKey, request);
    if (principal === null) return null;
    // Only for a request that can be decided, since a session is stored
    await this.consent.describe(token, principal);
    await this.sessions.begin(principal, request, reply);
    return principal;
  }

  private async authenticate(apiKey: string, request: FastifyRequest): Promise<Principal | null> {
    request.headers.authorization = `Bearer ${apiKey}`;
    try {
      return await this.authenticator.authenticate(request, 'member', 'rest');
    } catch (error) {
      if (error instanceof RegistryError && error.status < 500) return null;
      throw error;
    } finally {
      delete request.headers.authorization;
    }
  }

  private async answer(
    request: FastifyRequest,
    reply: FastifyReply,
    token: string,
    work: () => Promise<void>,
  ): Promise<void> {
    try {
      if (this.config.authorizationConsentUrl !== null) throw elsewhere();
      await work();
    } catch (error) {
      const mayRetry = error instanceof RegistryError && RETRIED.includes(error.code);
      const retryUrl = mayRetry ? consentUrl(this.publicUrl.of(''), token) : undefined;
      await sendErrorPage(request, reply, error, retryUrl);
    }
  }
}

/** The user of the page, the name to show, what their form has to contain, and whether they can sign out. */
type PageUser = User & { name: string; formToken: string; hasSession: boolean };

const RETRIED: readonly ErrorCode[] = ['unauthorized', 'temporarily_unavailable'];

/** A user whom the identity provider vouches for, as one of its JWTs would name them. */
const principalOf = ({ orgId, userId }: User): Principal => ({
  orgId,
  userId,
  role: 'member',
  actor: { type: 'jwt', id: userId },
  keyName: null,
  sessionExpiresAt: null,
});

/** By a user of the page, whose sign-in was checked when they were found out. */
const decided = (isAllowed: boolean): Decision => ({ isAllowed, authTime: 'checked' });

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

const signedOut = () => new RegistryError('unauthorized', 'You are not signed in any more for this request.');

const fromElsewhere = () =>
  new RegistryError(
    'insufficient_scope',
    'The form was sent by a page of another site, or the browser keeps no cookies. Start again at the client.',
  );

const elsewhere = () =>
  new RegistryError('not_found', 'Consent is given at another page (AUTHORIZATION_CONSENT_URL).');
