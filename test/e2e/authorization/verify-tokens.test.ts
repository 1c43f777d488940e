import { authorizationOf, basic } from '../../support/authorization.js';
import { DocumentedProgram } from '../../support/backing-services/documented-program.js';
import { freePort } from '../../support/network/free-port.js';
import { aClient, Registry } from '../../support/registry.js';

const API = 'https://api.example';
const JWT_API = 'https://jwt.example';

/** The programs of docs/guides/verify-tokens.md. */
describe.each([
  ['Fastify, with introspection', 'import Fastify', API],
  ['Express, with JWTs', 'import express', JWT_API],
  ['NestJS, with JWTs', 'import {\n  type CanActivate', JWT_API],
])('An API in %s', (_, beginning, resource) => {
  let registry: Registry;
  let api: DocumentedProgram;
  let url: string;
  beforeAll(async () => {
    registry = await Registry.start('sqlite', { AUTHORIZATION_RESOURCES: `${API} ${JWT_API}=jwt` });
    const { apiKey } = await registry.createKey({ role: 'service' });
    const port = String(await freePort());
    url = `http://127.0.0.1:${port}/notes`;
    const env = { REGISTRY: registry.url, SERVICE_KEY: apiKey, RESOURCE: resource, PORT: port };
    api = await DocumentedProgram.start('verify-tokens.md', env, beginning);
  });
  afterAll(async () => {
    await api.stop();
    await registry.stop();
  });
  const { token } = authorizationOf(() => registry);

  async function aToken(parameters: Record<string, string>) {
    const { body } = await registry.createClient(aClient({ allowed_scopes: ['read', 'write'] }));
    const { client_id: id, client_secret: secret } = body.data as Record<string, string>;
    const { body: issued } = await token(
      { grant_type: 'client_credentials', ...parameters },
      basic(id!, secret!),
    );
    return { id: id!, value: issued.access_token as string };
  }

  async function call(value?: string) {
    const headers = value === undefined ? undefined : { authorization: `Bearer ${value}` };
    const reply = await fetch(url, { headers });
    const text = await reply.text();
    // NestJS writes a body of its own for errors
    return [reply.status, reply.headers.get('www-authenticate'), ...(reply.ok ? [text] : [])];
  }

  it('lets in a token for it that has the scope', async () => {
    const { id, value } = await aToken({ resource, scope: 'read' });
    expect(await call(value)).toEqual([200, null, JSON.stringify({ user: { organization: 'default', id } })]);
  });

  it.each([API, JWT_API].filter((each) => each !== resource))('rejects a token for %s', async (other) => {
    const { value } = await aToken({ resource: other, scope: 'read' });
    expect(await call(value)).toEqual([401, 'Bearer error="invalid_token"']);
  });

  it('rejects a token without the scope, and a call without a token', async () => {
    const { value } = await aToken({ resource, scope: 'write' });
    expect(await call(value)).toEqual([403, 'Bearer error="insufficient_scope", scope="read"']);
    expect(await call()).toEqual([401, 'Bearer']);
    expect(await call('nonsense')).toEqual([401, 'Bearer error="invalid_token"']);
  });
});
