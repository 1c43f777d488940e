/** The path of registration (RFC 7591), as Nest takes it. */
export const REGISTRATION_PATH = 'v2/oauth/register';

/** Whether a route belongs to it. */
export const isRegistrationPath = (url: string) => url.startsWith(`/${REGISTRATION_PATH}`);

/** Paths of the clients of an organization: that of the contract, and the one that the published SDKs call. */
export const CLIENTS_PATHS = ['v2/oauth/clients', 'v2/oauth_clients'];

/** Whether a route belongs to them. */
export const isClientsPath = (url: string) => CLIENTS_PATHS.some((path) => url.startsWith(`/${path}`));

export const GRAPHQL_PATH = '/graphql';

/** Path of the documentation of the REST API. */
export const DOCS_PATH = '/docs';

/** Path of the admin console and prefix of its pages. */
export const CONSOLE_PATH = '/admin';

/** Where operators sign in and out by a browser. */
export const SESSION_PATH = '/admin/session';

/** The built-in consent page. */
export const CONSENT_PATH = '/consent';

/** Where the identity provider sends browsers back to. */
export const LOGIN_CALLBACK_PATH = '/v2/oauth/login/callback';

export const TOKEN_PATH = '/v2/oauth/token';

/** Called by clients, and with bearer tokens. */
export const INTROSPECTION_PATH = '/v2/oauth/introspect';

export const REVOCATION_PATH = '/v2/oauth/revoke';

/** Where clients push authorization requests (RFC 9126). */
export const PUSHED_REQUEST_PATH = '/v2/oauth/par';

export const JWKS_PATH = '/v2/oauth/jwks';

/** The metadata of this API as a protected resource (RFC 9728). */
export const PROTECTED_RESOURCE_PATH = '/.well-known/oauth-protected-resource';

const WELL_KNOWN = ['oauth-authorization-server', 'oauth-protected-resource'];

/** What clients of the authorization server call, also those that run in a browser. */
export const AUTHORIZATION_SERVER_PATHS: readonly string[] = [
  ...[TOKEN_PATH, INTROSPECTION_PATH, REVOCATION_PATH, PUSHED_REQUEST_PATH, JWKS_PATH],
  ...WELL_KNOWN.flatMap((name) => [`/.well-known/${name}`, `/v2/.well-known/${name}`]),
];

const USER_PATHS = ['/v2/oauth/grants', '/v2/oauth_grants', '/v2/oauth/consent'];

/** Whether a route is about what the calling user allows clients to do. */
export const isUserPath = (url: string) =>
  USER_PATHS.some((path) => url === path || url.startsWith(`${path}/`));

/** Where browsers are sent for authorization: each request is stored. */
export const AUTHORIZATION_PATH = '/v2/oauth/authorize';
