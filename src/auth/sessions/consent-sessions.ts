import { Inject, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { knownUrl } from '../../policy/uris/uri.js';
import { isAllowed } from '../principal/access-roles.js';
import type { Principal } from '../principal/principal.js';
import { requestContextOf } from '../principal/request-context.js';
import { AdminSessionsService } from './admin-sessions.service.js';
import { cookieName, secretIn } from './secret-cookie.js';
import { CONSENT_PATH } from '../../config/paths.js';
import { CONFIG, type Config } from '../../config/variables.js';

const COOKIE = 'consent_session';
/** Sessions of the console are others: neither page accepts those of the other one. */
const PAGE = 'consent';

/** Users who showed an API key at the consent page, for the session of their browser. The cookie has a random secret, not the key. */
@Injectable()
export class ConsentSessions {
  private readonly cookie: string;
  private readonly attributes;

  constructor(
    private readonly sessions: AdminSessionsService,
    @Inject(CONFIG) { publicUrl }: Pick<Config, 'publicUrl'>,
  ) {
    const url = publicUrl === null ? null : knownUrl(publicUrl);
    const secure = url?.protocol === 'https:';
    const base = url?.pathname.replace(/\/$/, '') ?? '';
    // For all paths, no other host can set it
    const path = base === '' ? '/' : `${base}${CONSENT_PATH}`;
    this.cookie = cookieName(COOKIE, path, secure);
    // Clients send the browser by a link, with which Strict would hold the cookie back
    this.attributes = { path, secure, httpOnly: true, sameSite: 'lax' as const };
  }

  /** The user of the browser; null: none, or their session or key has ended. */
  async userOf(request: FastifyRequest): Promise<Principal | null> {
    const secret = this.secretOf(request);
    const principal = secret === null ? null : await this.sessions.authenticate(secret, PAGE);
    return principal !== null && isAllowed(principal.role, 'member') ? principal : null;
  }

  /** The secret of the browser; null: it has no session. */
  secretOf(request: FastifyRequest): string | null {
    return secretIn(request, this.cookie);
  }

  /** Remembers the holder of an API key. */
  async begin(principal: Principal, request: FastifyRequest, reply: FastifyReply): Promise<void> {
    if (principal.actor.type !== 'api_key') return;
    await this.end(request, reply);
    const secret = await this.sessions.begin(principal, requestContextOf(request, 'rest'), PAGE);
    // No age: it is gone when the browser is closed
    void reply.setCookie(this.cookie, secret, this.attributes);
  }

  /** Ends the session, if there is one. */
  async end(request: FastifyRequest, reply: FastifyReply): Promise<void> {
    const secret = this.secretOf(request);
    if (secret === null) return;
    await this.sessions.end(secret, requestContextOf(request, 'rest'), PAGE);
    void reply.clearCookie(this.cookie, this.attributes);
  }
}
