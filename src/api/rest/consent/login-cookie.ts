import { Inject, Injectable } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { cookieName, secretIn } from '../../../auth/sessions/secret-cookie.js';
import { CONFIG, type Config } from '../../../config/variables.js';

const COOKIE = 'login';
const PATH = '/';
/** As long as a consent request. */
const MAX_AGE_SECONDS = 600;

/**
 * The cookie that ties a sign-in, at the identity provider or by an API key, to the browser which began it, so that no one can sign a browser
 * in as somebody else (login CSRF). It is a random secret, and one for all tabs: it is worth nothing without a consent token.
 */
@Injectable()
export class LoginCookie {
  private readonly isSecure: boolean;
  private readonly name: string;

  constructor(@Inject(CONFIG) { publicUrl }: Pick<Config, 'publicUrl'>) {
    this.isSecure = publicUrl?.startsWith('https:') ?? false;
    this.name = cookieName(COOKIE, PATH, this.isSecure);
  }

  /** The secret of the browser; null: it has none. */
  read(request: FastifyRequest): string | null {
    return secretIn(request, this.name);
  }

  write(reply: FastifyReply, secret: string): void {
    void reply.setCookie(this.name, secret, {
      path: PATH,
      httpOnly: true,
      secure: this.isSecure,
      // The identity provider sends the browser back by a link, with which Strict would hold the cookie back
      sameSite: 'lax',
      maxAge: MAX_AGE_SECONDS,
    });
  }
}
