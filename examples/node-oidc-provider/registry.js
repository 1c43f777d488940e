import { randomUUID } from 'node:crypto';

/**
 * @typedef {object} Registry
 * @property {string} url The base URL of the client registry, such as `https://registry.example`.
 * @property {string} apiKey An API key with the role `service`.
 */

/** oidc-provider wants a secret for each confidential client. It is never compared: see {@link authenticateByRegistry}. */
const PLACEHOLDER_SECRET = `${randomUUID()}${randomUUID()}`;

/** Members of a client beyond RFC 7591. Show users of a consent page a warning unless `client.verified`. */
export const REGISTRY_METADATA = ['require_pkce', 'verified'];

/** RFC 9700 §2.1.1: public clients must use PKCE. The registry can require it of others. */
export const requiresPkce = (_ctx, client) => client.clientAuthMethod === 'none' || client.require_pkce;

/**
 * An adapter class for oidc-provider that reads clients from the registry and leaves everything else to yours.
 * @param {Registry} registry
 * @param {new (name: string) => import('oidc-provider').Adapter} Adapter
 */
export function withRegistry(registry, Adapter) {
  return function adapterOf(name) {
    return name === 'Client' ? { find: (id) => findClient(registry, id) } : new Adapter(name);
  };
}

/**
 * Has the registry compare the secrets of clients: it knows which are valid, and records their last use.
 * @param {import('oidc-provider').Provider} provider
 * @param {Registry} registry
 */
export function authenticateByRegistry(provider, registry) {
  provider.Client.prototype.compareClientSecret = async function (secret) {
    const body = { client_id: this.clientId, client_secret: secret };
    const response = await call(registry, '/v2/oauth/clients/authenticate', { method: 'POST', body });
    // Too many wrong secrets of this client
    if (response.status === 429) return false;
    const { active, reason } = await response.json();
    if (!active) console.warn(`Client ${this.clientId} was not authenticated: ${reason}`);
    return active;
  };
}

/**
 * Tells the registry which clients got tokens, every `everyMs`: anonymous clients without such a report count as unused. An authentication is
 * no use: anyone can register a client and authenticate it.
 * @param {import('oidc-provider').Provider} provider
 * @param {Registry} registry
 */
export function reportUse(provider, registry, everyMs = 1_000) {
  const used = new Set();
  provider.on('grant.success', ({ oidc }) => used.add(oidc.client.clientId));
  const report = async () => {
    const clientIds = [...used].slice(0, MAX_REPORTED);
    if (clientIds.length === 0) return;
    for (const id of clientIds) used.delete(id);
    const body = { query: RECORD_USE, variables: { clientIds } };
    try {
      const { errors } = await (await call(registry, '/graphql', { method: 'POST', body })).json();
      if (errors) throw new Error(errors[0].message);
    } catch (error) {
      console.warn(`The use of ${clientIds.length} clients could not be reported: ${error.message}`);
      for (const id of clientIds) used.add(id);
    }
  };
  setInterval(report, everyMs).unref();
}

const MAX_REPORTED = 1_000;
const RECORD_USE = 'mutation ($clientIds: [ID!]!) { recordOAuthClientUse(clientIds: $clientIds) { count } }';

/** The client metadata (RFC 7591) of a registered client; undefined where it is unknown, deleted or disabled. */
async function findClient(registry, id) {
  const response = await call(registry, `/v2/oauth/clients/${encodeURIComponent(id)}`);
  if (response.status === 404) return undefined;
  const { data } = await response.json();
  if (data.status === 'disabled') return undefined;
  const usesSecret = data.token_endpoint_auth_method.startsWith('client_secret_');
  const usesCode = data.allowed_grant_types.includes('authorization_code');
  const metadata = {
    client_id: data.client_id,
    client_name: data.name,
    client_secret: usesSecret ? PLACEHOLDER_SECRET : undefined,
    token_endpoint_auth_method: data.token_endpoint_auth_method,
    redirect_uris: data.redirect_uris,
    grant_types: data.allowed_grant_types,
    response_types: usesCode ? ['code'] : [],
    // Without one, oidc-provider allows a client every scope
    scope: data.allowed_scopes.join(' ') || 'openid',
    application_type: data.application_type ?? applicationTypeOf(data.redirect_uris),
    jwks: data.jwks,
    jwks_uri: data.jwks_uri,
    logo_uri: data.logo_uri,
    policy_uri: data.policy_uri,
    tos_uri: data.tos_uri,
    require_pkce: data.require_pkce,
    verified: data.verified,
  };
  return Object.fromEntries(
    Object.entries(metadata).filter(([, value]) => value !== undefined && value !== null),
  );
}

/** Loopback and private-use redirect URIs (RFC 8252) are those of native applications. */
const applicationTypeOf = (redirectUris) =>
  redirectUris.every((uri) => uri.startsWith('https:')) ? 'web' : 'native';

async function call({ url, apiKey }, path, { method = 'GET', body } = {}) {
  const response = await fetch(`${url}${path}`, {
    method,
    body: body && JSON.stringify(body),
    headers: { authorization: `Bearer ${apiKey}`, ...(body && { 'content-type': 'application/json' }) },
    signal: AbortSignal.timeout(5_000),
  });
  if (![200, 404, 429].includes(response.status)) {
    throw new Error(`The client registry answered ${method} ${path} with the status ${response.status}.`);
  }
  return response;
}
