import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair } from 'jose';
import type { Provider } from 'oidc-provider';
import type { CookieJar } from '../network/cookie-jar.js';

const CLIENT_ID = 'the-registry';
const CLIENT_SECRET = 'secret of the registry at its provider';

/** A user of the provider; the organization is left out if it is undefined. */
export interface ProviderUser {
  sub: string;
  organization?: unknown;
}

/** An OpenID provider: npm `oidc-provider` by itself, whose users sign in without a password. */
export class IdentityProvider {
  /** Who signs in next. */
  user: ProviderUser = { sub: 'alice', organization: 'acme' };
  /** What is answered in place of the provider; undefined: it answers. */
  instead: RequestListener | undefined;
  /** The keys that it publishes in place of its own; undefined: its own. */
  published: object[] | undefined;
  /** How many seconds ago the user who signs in next has done so. */
  signedInBefore = 0;
  /** What the registry sent to its authorization endpoint, the last time. */
  asked = new URLSearchParams();

  private constructor(
    readonly url: string,
    private readonly server: Server,
  ) {}

  static async start(): Promise<IdentityProvider> {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { Provider, interactionPolicy } = await import('oidc-provider');
    const policy = interactionPolicy.base();
    // It would ask users of clients on the loopback interface each time
    policy.get('consent')!.checks.remove('native_client_prompt');
    const { privateKey } = await generateKeyPair('RS256', { extractable: true });
    const provider = new Provider(url, {
      clients: [
        {
          client_id: CLIENT_ID,
          client_secret: CLIENT_SECRET,
          // The port of the registry is not known yet
          application_type: 'native',
          redirect_uris: ['http://127.0.0.1/v2/oauth/login/callback'],
        },
      ],
      jwks: { keys: [{ ...(await exportJWK(privateKey)), kid: 'key-1', use: 'sig', alg: 'RS256' }] },
      claims: { openid: ['sub', 'organization', 'email'] },
      conformIdTokenClaims: false,
      cookies: { keys: ['a key of the provider'] },
      pkce: { required: () => true },
      features: { devInteractions: { enabled: false } },
      interactions: { policy, url: (_, { uid }) => `/interaction/${uid}` },
      findAccount: (_, sub) => ({
        accountId: sub,
        claims: () => ({ ...idp.user, email: `${sub}@example.com`, sub }),
      }),
    });
    const idp = new IdentityProvider(url, server);
    const library = provider.callback();
    server.on('request', (request, response) => {
      if (idp.instead !== undefined) return idp.instead(request, response);
      const { pathname, searchParams } = new URL(request.url!, url);
      if (pathname === '/auth') idp.asked = searchParams;
      if (pathname === '/jwks' && idp.published !== undefined) {
        return response
          .setHeader('content-type', 'application/json')
          .end(JSON.stringify({ keys: idp.published }));
      }
      if (!pathname.startsWith('/interaction/')) return void library(request, response);
      // The page of the provider: the user presses a button
      if (request.method === 'GET') return idp.showPage(response);
      void idp.answer(provider, request, response, searchParams.has('deny'));
    });
    return idp;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  /** The variables that have users sign in here. */
  get env(): Record<string, string> {
    return {
      AUTHORIZATION_LOGIN_ISSUER: this.url,
      AUTHORIZATION_LOGIN_CLIENT_ID: CLIENT_ID,
      AUTHORIZATION_LOGIN_CLIENT_SECRET: CLIENT_SECRET,
      AUTHORIZATION_LOGIN_ORG_CLAIM: 'organization',
    };
  }

  /**
   * Signs the user in with a browser, up to the callback, which is not opened.
   * @param start a page that leads to the provider, or a URL of the provider
   * @param answer `?deny`: the user says no
   */
  async signIn(browser: CookieJar, start: string | URL, answer = ''): Promise<URL> {
    let location = await browser.location(start);
    while (location.host === new URL(this.url).host) {
      const isPage = location.pathname.startsWith('/interaction/');
      location = isPage
        ? await browser.location(`${location.href}${answer}`, { method: 'POST' })
        : await browser.location(location);
    }
    return location;
  }

  private showPage(response: Parameters<RequestListener>[1]): void {
    response
      .setHeader('content-type', 'text/html')
      .end('<!doctype html><title>Provider</title><form method="post"><button>Sign in</button></form>');
  }

  private async answer(
    provider: Provider,
    request: Parameters<RequestListener>[0],
    response: Parameters<RequestListener>[1],
    isDenied: boolean,
  ): Promise<void> {
    if (isDenied) {
      const denial = { error: 'access_denied', error_description: 'Not today.' };
      return provider.interactionFinished(request, response, denial);
    }
    const { params } = await provider.interactionDetails(request, response);
    const grant = new provider.Grant({ accountId: this.user.sub, clientId: String(params.client_id) });
    grant.addOIDCScope('openid');
    const grantId = await grant.save();
    const ts = Math.floor(Date.now() / 1000) - this.signedInBefore;
    const result = { login: { accountId: this.user.sub, ts }, consent: { grantId } };
    await provider.interactionFinished(request, response, result);
  }
}
