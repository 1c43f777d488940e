/** Of an authorization request. Those of OpenID Connect are not among them: the library rejects some without the scope openid, which no one gets. */
const OF_AUTHORIZATION = [
  'client_id',
  'code_challenge',
  'code_challenge_method',
  'dpop_jkt',
  'prompt',
  'redirect_uri',
  'registration',
  'request',
  'resource',
  'response_mode',
  'response_type',
  'scope',
  'state',
];

/** The parameters that reach the engine. */
const KNOWN = {
  token: [
    'client_id',
    'code',
    'code_verifier',
    'grant_type',
    'redirect_uri',
    'refresh_token',
    'resource',
    'scope',
  ],
  authorization: OF_AUTHORIZATION,
  pushed_authorization_request: OF_AUTHORIZATION,
} as const satisfies Record<string, readonly string[]>;

/** What the library answers, by its names. */
export type EngineEndpoint = keyof typeof KNOWN;

/**
 * The parameters of a request in the form of a query or body, without those that the engine does not know: they are ignored
 * (RFC 6749 §3.1, §3.2), and the library takes long to read them.
 */
export function encodeKnownParameters(
  endpoint: EngineEndpoint,
  parameters: Iterable<[name: string, value: string]>,
): string {
  const known: readonly string[] = KNOWN[endpoint];
  return (
    [...parameters]
      .filter(([name]) => known.includes(name))
      // Not `+` for a space: Node.js makes a string of each when the library parses it
      .map(([name, value]) => `${name}=${encodeURIComponent(value.toWellFormed())}`)
      .join('&')
  );
}
