import type { CookieSerializeOptions } from '@fastify/cookie';
import { Inject, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { AdminSessionsService, SESSION_SECONDS } from './admin-sessions.service.js';
import { requestContextOf } from '../principal/request-context.js';
import type { Principal } from '../principal/principal.js';
import { isOwnPage } from './own-page.js';
import { cookieName, secretIn } from './secret-cookie.js';
import { isLoopback, knownUrl, readUrl } from '../../policy/uris/uri.js';
import { CONFIG, type Config } from '../../config/variables.js';
import { RegistryError } from '../../errors/registry-error.js';
import { CONSOLE_PATH } from '../../config/paths.js';

const COOKIE = 'admin_session';
const JSON_TYPE = /^application\/json\s*(?:;|$)/i;

/** Session cookies of operators. A browser sends them by itself, so they are accepted from pages of this service only (ADR 14). */
@Injectable()
export class BrowserSessions {
  private readonly publicUrl: URL | null;
  private readonly cookie: string;
  /** No script reads it, no page of another site makes a browser send it, and with https it is never sent in plaintext. */
  private readonly attributes: CookieSerializeOptions;

  constructor(
    private readonly sessions: AdminSessionsService,
    @Inject(CONFIG) { publicUrl }: Config,
  ) {
    this.publicUrl = publicUrl === null ? null : knownUrl(publicUrl);
    const path = this.publicUrl?.pathname ?? '/';
    this.cookie = cookieName(COOKIE, path, this.isSecure);
    this.attributes = { path, httpOnly: true, secure: this.isSecure, sameSite: 'strict' };
  }

  /**
   * Exchanges an API key for a session. The one that the browser had ends.
   * @throws RegistryError `insufficient_scope` if another page asks for it or the role of the key may not query GraphQL, `invalid_token`,
   * `invalid_request` if the browser would drop the session
   */
  async signIn(apiKey: string, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    this.rejectOtherPages(request);
    this.rejectLostCookie(request);
    const { token, principal } = await this.sessions.start(apiKey, requestContextOf(request, 'console'));
    request.principal = principal;
    await this.endSessionOf(request);
    this.setCookie(reply, token, SESSION_SECONDS);
  }

  /**
   * Ends the session of a request, if it has one, and has its browser delete the cookie.
   * @throws RegistryError `insufficient_scope` if another page asks for it
   */
  async signOut(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    this.rejectOtherPages(request);
    await this.endSessionOf(request);
    this.setCookie(reply, '', 0);
  }

  /**
   * The principal of the session; null without a session. An Authorization header has precedence. A request that a page of
   * another site may have caused counts as one without a session (CSRF).
   * @throws RegistryError `invalid_token` if the session has ended
   */
  async identify(request: FastifyRequest): Promise<Principal | null> {
    const { authorization, 'content-type': type = '' } = request.headers;
    const token = secretIn(request, this.cookie);
    if (authorization !== undefined || token === null) return null;
    // A form can send no JSON, and a page of another origin has to ask first, and is not let
    if (request.method !== 'POST' || !JSON_TYPE.test(type) || !isOwnPage(request, this.publicUrl))
      return null;
    const principal = await this.sessions.authenticate(token);
    if (principal === null)
      throw new RegistryError('invalid_token', 'The session has expired. Sign in again.');
    return principal;
  }

  private async endSessionOf(request: FastifyRequest): Promise<void> {
    const token = secretIn(request, this.cookie);
    if (token !== null) await this.sessions.end(token, requestContextOf(request, 'console'));
  }

  private setCookie(reply: FastifyReply, value: string, maxAgeSeconds: number): void {
    void reply.setCookie(this.cookie, value, { ...this.attributes, maxAge: maxAgeSeconds });
  }

  private rejectOtherPages(request: FastifyRequest): void {
    if (isOwnPage(request, this.publicUrl)) return;
    throw new RegistryError(
      'insufficient_scope',
      'Requests with a session must come from pages of this service.',
    );
  }

  private get isSecure(): boolean {
    return this.publicUrl?.protocol === 'https:';
  }

  /** A browser silently drops a Secure cookie over http, except from its own machine, which many browsers trust. */
  private rejectLostCookie({ headers: { origin } }: FastifyRequest): void {
    const page = this.isSecure && origin !== undefined ? readUrl(origin) : null;
    if (page?.protocol !== 'http:' || isLoopback(page)) return;
    throw new RegistryError(
      'invalid_request',
      'Over http the browser drops the session cookie, which is Secure since PUBLIC_URL is https. ' +
        `Open the console at ${this.publicUrl!.href.replace(/\/$/, '')}${CONSOLE_PATH}/.`,
    );
  }
}
