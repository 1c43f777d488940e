import { INTERNALS } from './replies/leaks.js';
import { type RawSending, sendRaw } from './network/raw-http.js';
import { aClient, type Answer, type Registry } from './registry.js';

export type InterfaceName = 'clients' | 'register';

export interface Refusal {
  status: number;
  error: string;
  /** The members of invalid_fields, all of them; none where it must not be there. */
  fields?: readonly string[];
}

/** The two interfaces that create clients: the same faults, with the error codes of each. */
export const INTERFACES = {
  clients: {
    path: '/v2/oauth/clients',
    good: () => aClient() as Record<string, unknown>,
    names: { name: 'name', scope: 'allowed_scopes', grants: 'allowed_grant_types' },
    scopes: (scopes: readonly string[]): unknown => scopes,
    refusal: (fields: readonly string[]): Refusal => ({ status: 422, error: 'validation_error', fields }),
  },
  register: {
    path: '/v2/oauth/register',
    good: () => ({ client_name: 'My OAuth client' }) as Record<string, unknown>,
    names: { name: 'client_name', scope: 'scope', grants: 'grant_types' },
    scopes: (scopes: readonly string[]): unknown => scopes.join(' '),
    refusal: (fields: readonly string[]): Refusal => ({
      status: 400,
      error: fields.includes('redirect_uris') ? 'invalid_redirect_uri' : 'invalid_client_metadata',
      fields,
    }),
  },
} as const;
export const INTERFACE_NAMES = Object.keys(INTERFACES) as InterfaceName[];

/** JSON, in which a symbol represents text that no JavaScript value serializes to. */
export const toJson = (value: unknown) =>
  JSON.stringify(value, (_, each: unknown) =>
    typeof each === 'symbol' ? `<raw>${Symbol.keyFor(each)}</raw>` : each,
  ).replace(/"<raw>(.*?)<\/raw>"/g, '$1');

export const NO_JSON_OBJECT: Refusal = { status: 400, error: 'invalid_request' };

/** How tests send to both interfaces. `registryOf` is asked late: a suite starts its registry before its tests. */
export function requestsTo(registryOf: () => Registry) {
  const stored = async () => ({
    clients: await registryOf().rows('oauth_clients'),
    secrets: await registryOf().rows('oauth_client_secrets'),
  });

  /** The headers of a caller that may use the interface. */
  const credentials = (api: InterfaceName): Record<string, string> =>
    api === 'clients' ? { authorization: `Bearer ${registryOf().adminKey}` } : {};

  const sendTo = (api: InterfaceName, body: unknown) =>
    registryOf().send(INTERFACES[api].path, {
      body: typeof body === 'string' || body instanceof Uint8Array ? body : toJson(body),
      headers: credentials(api),
    });

  const sendRawTo = (api: InterfaceName, { headers, ...sending }: RawSending) =>
    sendRaw(registryOf(), INTERFACES[api].path, { ...sending, headers: { ...credentials(api), ...headers } });

  /** Sends, and checks all of the answer: that it is this rejection, contains nothing else, and stored nothing. */
  async function expectRefused(
    send: () => Promise<Answer>,
    { status, error, fields }: Refusal,
  ): Promise<Answer> {
    const before = await stored();
    const answer = await send();
    expect({
      status: answer.status,
      body: answer.body,
      contentType: answer.headers.get('content-type'),
      cacheControl: answer.headers.get('cache-control'),
      pragma: answer.headers.get('pragma'),
    }).toEqual({
      status,
      body: {
        error,
        error_description: expect.stringMatching(/\S/),
        ...(fields && {
          invalid_fields: Object.fromEntries(
            fields.map((field) => [field, expect.arrayContaining([expect.stringMatching(/\S/)])]),
          ),
        }),
      },
      contentType: expect.stringMatching(/^application\/json\b/),
      cacheControl: 'no-store',
      pragma: 'no-cache',
    });
    expect(answer.text).not.toMatch(INTERNALS);
    expect(await stored()).toEqual(before);
    return answer;
  }

  return { stored, credentials, sendTo, sendRawTo, expectRefused };
}
