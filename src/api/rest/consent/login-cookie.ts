import { Inject, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CONFIG, type Config } from '../../../config/variables.js';

const COOKIE = 'login';
const SECRET = /^[\w-]{43}$/;
/** As long as a consent request. */
const MAX_AGE_SECONDS = 600;

/**
 * The cookie that ties a sign-in to the browser which began it, so that no one can sign a browser in as somebody else (login CSRF). It is a
 * random secret, and one for all tabs: it is worth nothing without a consent token.
 */
@Injectable()
export class LoginCookie {
  private readonly isSecure: boolean;

  constructor(@Inject(CONFIG) { publicUrl }: Pick<Config, 'publicUrl'>) {
    this.isSecure = publicUrl?.startsWith('https:') ?? false;
  }

  /** The secret of the browser; null: it has none. */
  read({ cookies }: FastifyRequest): string | null {
    const value = cookies[this.name];
    return value !== undefined && SECRET.test(value) ? value : null;
  }

  write(reply: FastifyReply, secret: string): void {
    void reply.setCookie(this.name, secret, {
      path: '/',
      httpOnly: true,
      secure: this.isSecure,
      // The identity provider sends the browser back by a link, with which Strict would hold the cookie back
      sameSite: 'lax',
      maxAge: MAX_AGE_SECONDS,
    });
  }

  /** With https, no other host of the domain can set it (RFC 6265bis §4.1.3.2). */
  private get name(): string {
    return this.isSecure ? `__Host-${COOKIE}` : COOKIE;
  }
}
