import type { Answer, Registry } from '../registry.js';

export const VIEWER = '{ viewer { apiKeyId name orgId userId role sessionExpiresAt } }';

export const signIn = (registry: Registry, apiKey: unknown, headers: Record<string, string> = {}) =>
  registry.send('/admin/session', { body: { api_key: apiKey }, headers });
export const signOut = (registry: Registry, headers: Record<string, string> = {}) =>
  registry.send('/admin/session', { method: 'DELETE', headers });
export const cookieOf = ({ headers }: Answer) => headers.get('set-cookie')!.split(';')[0]!;
export const signedIn = async (registry: Registry, apiKey = registry.adminKey) =>
  cookieOf(await signIn(registry, apiKey));
export const ask = (
  registry: Registry,
  cookie: string,
  headers: Record<string, string> = {},
  query = VIEWER,
) => registry.send('/graphql', { body: { query }, headers: { cookie, ...headers } });
export const codeOf = ({ status, body }: Answer) =>
  [status, body?.errors?.[0]?.extensions?.code ?? body?.error].filter(Boolean).join(' ');
