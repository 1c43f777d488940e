import { createHash, randomBytes } from 'node:crypto';
import { many } from './many.js';
import { CookieJar } from './network/cookie-jar.js';
import type { Answer, Registry } from './registry.js';

/** One of them a client of these tests may get. */
export const TOO_MANY_SCOPES = ['read', ...many(100, (i) => `scope${i}`)].join(' ');

export const CALLBACK = 'https://app.example/callback';

/** Parameters of a token request; undefined: left out. */
type Parameters = Record<string, string | undefined>;

const toForm = (parameters: Parameters): string =>
  new URLSearchParams(
    Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined),
  ).toString();

export const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

export const basic = (id: string, secret: string) => ({
  authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
});

/** A client, as far as requests need it. */
export interface TestClient {
  id: string;
  secret: string | null;
}

/** What the form of a consent page contains besides the consent token; empty: no user is known. */
export const formTokenOf = (text: string): string =>
  /name="form_token" value="([^"]+)"/.exec(text)?.[1] ?? '';

/** Where the link of a page leads, and its text; null: there is none. */
export function linkOf(text: string): { url: URL; text: string } | null {
  const [, href, label] = /<a href="([^"]+)">([^<]+)<\/a>/.exec(text) ?? [];
  return href === undefined ? null : { url: new URL(href.replaceAll('&amp;', '&')), text: label! };
}

/** What clients, users and resources send to the authorization server. */
export function authorizationOf(registryOf: () => Pick<Registry, 'url' | 'adminKey' | 'send'>) {
  const token = (parameters: Parameters, headers: Record<string, string> = {}): Promise<Answer> =>
    registryOf().send('/v2/oauth/token', { body: toForm(parameters), headers: { ...FORM, ...headers } });

  const introspect = (value: string, key: string | null = registryOf().adminKey, headers = {}) =>
    registryOf().send('/v2/oauth/introspect', {
      body: toForm({ token: value }),
      key,
      headers: { ...FORM, ...headers },
    });

  /** A client that registered itself: public, for codes and refresh tokens, unless told otherwise. */
  async function register(overrides: object = {}): Promise<TestClient> {
    const metadata = {
      client_name: 'Agent',
      redirect_uris: [CALLBACK],
      token_endpoint_auth_method: 'none',
      grant_types: ['authorization_code', 'refresh_token'],
      scope: 'read write',
      ...overrides,
    };
    const { body } = await registryOf().send('/v2/oauth/register', { body: metadata });
    return { id: body.client_id as string, secret: (body.client_secret as string | undefined) ?? null };
  }

  /** A public client of an organization, which answers for it. */
  async function createClient(): Promise<TestClient> {
    const { adminKey: key } = registryOf();
    const client = {
      name: 'Agent',
      client_type: 'public',
      redirect_uris: [CALLBACK],
      allowed_grant_types: ['authorization_code', 'refresh_token'],
      allowed_scopes: ['read', 'write'],
    };
    const { body } = await registryOf().send('/v2/oauth/clients', { body: client, key });
    return { id: body.data.client_id as string, secret: null };
  }

  /** Where the authorization endpoint sends the browser; null: nowhere. */
  async function authorize(parameters: Parameters): Promise<{ status: number; location: URL | null }> {
    const reply = await fetch(`${registryOf().url}/v2/oauth/authorize?${toForm(parameters)}`, {
      redirect: 'manual',
    });
    const location = reply.headers.get('location');
    return { status: reply.status, location: location === null ? null : new URL(location) };
  }

  /** The parameters of an authorization request with PKCE, and the verifier. */
  function aRequest({ id }: TestClient, overrides: Parameters = {}) {
    const verifier = randomBytes(32).toString('base64url');
    const challenge = createHash('sha256').update(verifier).digest('base64url');
    const parameters: Parameters = {
      client_id: id,
      redirect_uri: CALLBACK,
      response_type: 'code',
      state: 'state of the client',
      code_challenge: challenge,
      code_challenge_method: 'S256',
      ...overrides,
    };
    return { verifier, parameters };
  }

  /** The consent token of a request. */
  async function ask(client: TestClient, overrides: Parameters = {}) {
    const { verifier, parameters } = aRequest(client, overrides);
    const { location } = await authorize(parameters);
    return { verifier, consentToken: location?.searchParams.get('consent_token') ?? '' };
  }

  const decide = (consentToken: string, allowed: boolean, key: string) =>
    registryOf().send('/v2/oauth/grants', { body: { consent_token: consentToken, allowed }, key });

  /** A browser whose user shows an API key at the consent page of a request, and decides; it has opened the page before. */
  async function showKey(
    consentToken: string,
    apiKey: string,
    decision = 'allow',
    browser = new CookieJar(),
    headers: Record<string, string> = {},
  ): Promise<Response> {
    const { url } = registryOf();
    const page = await browser.fetch(`${url}/consent?consent_token=${consentToken}`, { headers });
    const form = { consent_token: consentToken, form_token: formTokenOf(await page.text()), decision };
    return browser.fetch(`${url}/consent`, {
      method: 'POST',
      body: new URLSearchParams({ ...form, api_key: apiKey }),
      headers: { ...FORM, ...headers },
    });
  }

  const exchangeCode = (
    { id, secret }: TestClient,
    code: string,
    verifier: string,
    changes: Parameters = {},
    headers: Record<string, string> = {},
  ) =>
    token(
      {
        grant_type: 'authorization_code',
        client_id: id,
        code,
        redirect_uri: CALLBACK,
        code_verifier: verifier,
        ...(secret !== null && { client_secret: secret }),
        ...changes,
      },
      headers,
    );

  /** A code that a user allowed, and the request that exchanges it. */
  async function aCode(client: TestClient, key: string, overrides: Parameters = {}) {
    const { verifier, consentToken } = await ask(client, overrides);
    const { body } = await decide(consentToken, true, key);
    const code = new URL(body.redirect_uri as string).searchParams.get('code')!;
    const { redirect_uri: redirectUri = CALLBACK } = overrides;
    const exchange = (changes: Parameters = {}) =>
      exchangeCode(client, code, verifier, { redirect_uri: redirectUri, ...changes });
    return { code, verifier, exchange };
  }

  const refresh = (
    { id, secret }: TestClient,
    refreshToken: string,
    changes: Parameters = {},
    headers: Record<string, string> = {},
  ) =>
    token(
      {
        grant_type: 'refresh_token',
        client_id: id,
        refresh_token: refreshToken,
        ...(secret !== null && { client_secret: secret }),
        ...changes,
      },
      headers,
    );

  /** The browser of a user whom a client sends to us, and who allows or denies it: the URL that it ends up at. */
  async function answer(request: URL, allowed: boolean, key: string): Promise<URL> {
    const { headers } = await fetch(request, { redirect: 'manual' });
    const page = new URL(headers.get('location')!);
    const consentToken = page.searchParams.get('consent_token');
    // An error leads back to the client at once
    if (consentToken === null) return page;
    const { body } = await decide(consentToken, allowed, key);
    return new URL(body.redirect_uri as string);
  }

  return {
    token,
    introspect,
    register,
    createClient,
    authorize,
    aRequest,
    ask,
    decide,
    showKey,
    answer,
    aCode,
    exchangeCode,
    refresh,
  };
}
