import { randomUUID } from 'node:crypto';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { authorizationOf, CALLBACK } from '../../support/authorization.js';
import { onEachEngine } from '../../support/databases.js';
import { many } from '../../support/many.js';
import { sendRaw } from '../../support/network/raw-http.js';
import { urlsParsedDuring } from '../../support/parsed-urls.js';
import { aClient, type Answer, Registry } from '../../support/registry.js';

/** A host of different Chinese characters: the parser of Node.js takes 2 s for 20,000, since its punycode is quadratic. */
const hostOf = (length: number) =>
  many(length, (i) => String.fromCodePoint(0x4e00 + ((i * 7919) % 20_000))).join('');

/** Each as long as it may be where it is sent. */
const IN_BODY = `https://${hostOf(20_000)}/`;
const IN_QUERY = `https://${hostOf(1_600)}/`;
const IN_PROOF = `https://${hostOf(3_700)}/`;
const IN_HEADER = `https://${encodeURIComponent(hostOf(1_600))}`;
const HOST = `xn--${'ab9z'.repeat(3_500)}.example`;

/** No host is that long (RFC 1035 §2.3.4). */
const LONG_HOST = /^[^/?#]*\/\/[^/?#]{300}/;
const withLongHosts = (urls: readonly string[]) =>
  urls.filter((url) => LONG_HOST.test(url)).map((url) => url.slice(0, 40));

onEachEngine((engine) => {
  let registry: Registry;
  beforeAll(async () => {
    registry = await Registry.start(engine, { REGISTRATION_RESERVED_NAMES: 'Acme' });
  });
  afterAll(() => registry.stop());
  const { register, aRequest } = authorizationOf(() => registry);

  const post = (path: string, body: object, headers = {}) => registry.send(path, { body, headers });

  /** A request for authorization, with what a case changes. */
  const aChanged = async (changes: Record<string, string>) => aRequest(await register(), changes).parameters;
  const authorize = async (changes: Record<string, string>) => {
    const query = new URLSearchParams((await aChanged(changes)) as Record<string, string>);
    return registry.send(`/v2/oauth/authorize?${query.toString()}`, { method: 'GET' });
  };
  const push = async (changes: Record<string, string>, headers = {}) =>
    post('/v2/oauth/par', await aChanged(changes), headers);
  const exchangeCode = async (changes: Record<string, string>, headers = {}) => {
    const { id: client_id } = await register();
    const request = { grant_type: 'authorization_code', client_id, code: 'c', redirect_uri: CALLBACK };
    return post('/v2/oauth/token', { ...request, code_verifier: 'v'.repeat(43), ...changes }, headers);
  };

  async function aProof(htu: string) {
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
    return new SignJWT({ jti: randomUUID(), htm: 'POST', htu })
      .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk: await exportJWK(publicKey) })
      .setIssuedAt()
      .sign(privateKey);
  }

  /** A client that asks for other metadata. */
  async function update(metadata: object) {
    const own = { client_name: 'Agent', redirect_uris: [CALLBACK] };
    const { body } = await registry.register(own);
    const { client_id: id, registration_access_token: key } = body as Record<string, string>;
    const path = `/v2/oauth/register/${id}`;
    return registry.send(path, { method: 'PUT', body: { client_id: id, ...own, ...metadata }, key: key! });
  }

  it('The tests below see what is parsed', async () => {
    expect(await urlsParsedDuring(() => register())).toContain(CALLBACK);
    const parsed = await urlsParsedDuring(() => Promise.resolve([new URL(IN_HEADER), URL.parse(IN_QUERY)]));
    expect(withLongHosts(parsed)).toHaveLength(2);
  });

  it.each<[string, number, string | undefined, () => Promise<Answer>]>([
    ['redirect_uri of a browser', 400, 'invalid_request', () => authorize({ redirect_uri: IN_QUERY })],
    ['redirect_uri that is pushed', 400, 'invalid_request', () => push({ redirect_uri: IN_BODY })],
    ['redirect_uri with a code', 400, 'invalid_grant', () => exchangeCode({ redirect_uri: IN_BODY })],
    ['redirect_uri of a client', 400, 'invalid_redirect_uri', () => update({ redirect_uris: [IN_BODY] })],
    ['client_uri of a client', 400, 'invalid_client_metadata', () => update({ client_uri: IN_BODY })],
    ['jwks_uri of a client', 400, 'invalid_client_metadata', () => update({ jwks_uri: IN_BODY })],
    ['logo_uri in Japanese', 400, 'invalid_client_metadata', () => update({ 'logo_uri#ja': IN_BODY })],
    [
      'redirect_uri by REST',
      422,
      'validation_error',
      () => registry.createClient(aClient({ redirect_uris: [IN_BODY] })),
    ],
    ['resource that is pushed', 400, 'invalid_target', () => push({ resource: IN_BODY })],
    ['resource with a code', 400, 'invalid_target', () => exchangeCode({ resource: IN_BODY })],
    ['client_id', 400, 'invalid_request', () => authorize({ client_id: IN_QUERY })],
    ['request_uri', 400, 'invalid_request', () => authorize({ request_uri: IN_QUERY })],
    [
      'htu of a pushed request',
      400,
      'invalid_dpop_proof',
      async () => push({}, { dpop: await aProof(IN_PROOF) }),
    ],
    [
      'htu of a token request',
      400,
      'invalid_dpop_proof',
      async () => exchangeCode({}, { dpop: await aProof(IN_PROOF) }),
    ],
    [
      'Origin at the console',
      403,
      'insufficient_scope',
      () => registry.send('/admin/session', { method: 'DELETE', headers: { origin: IN_HEADER } }),
    ],
    [
      'Origin of a query with a session',
      401,
      undefined,
      () =>
        post(
          '/graphql',
          { query: '{ viewer { role } }' },
          { cookie: `admin_session=${'a'.repeat(43)}`, origin: IN_HEADER },
        ),
    ],
    [
      'Origin of a decision',
      403,
      undefined,
      () => post('/consent', { consent_token: 'a' }, { origin: IN_HEADER }),
    ],
    ['Host', 400, 'invalid_request', () => sendRaw(registry, '/graphql', { headers: { host: HOST } })],
  ])('rejects unparsed what takes long to parse as a URL: %s', async (_, status, error, send) => {
    let answer: Answer;
    const parsed = await urlsParsedDuring(async () => (answer = await send()));
    expect([answer!.status, (answer!.body as { error?: string } | undefined)?.error]).toEqual([
      status,
      error,
    ]);
    expect(withLongHosts(parsed)).toEqual([]);
  });
});
