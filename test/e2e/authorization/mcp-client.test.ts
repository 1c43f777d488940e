import {
  Client,
  type OAuthClientProvider,
  type OAuthClientMetadata,
  type OAuthDiscoveryState,
  type StoredOAuthClientInformation,
  type StoredOAuthTokens,
  StreamableHTTPClientTransport,
  UnauthorizedError,
} from '@modelcontextprotocol/client';
import { authorizationOf } from '../../support/authorization.js';
import { DocumentedProgram } from '../../support/backing-services/documented-program.js';
import { onEachEngine } from '../../support/databases.js';
import { freePort } from '../../support/network/free-port.js';
import { Registry } from '../../support/registry.js';

/** What an MCP client remembers: all that it knows of us before it starts is nothing. */
class Memory implements OAuthClientProvider {
  redirectUrl = 'http://127.0.0.1:33418/callback';
  /** Where the client wants to send its user. */
  request: URL | undefined;
  client: StoredOAuthClientInformation | undefined;
  stored: StoredOAuthTokens | undefined;
  private verifier = '';
  private discovery: OAuthDiscoveryState | undefined;

  readonly clientMetadata: OAuthClientMetadata = {
    client_name: 'Agent',
    redirect_uris: [this.redirectUrl],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
  };

  state = () => 'state of the client';
  clientInformation = () => this.client;
  saveClientInformation = (client: StoredOAuthClientInformation) => void (this.client = client);
  tokens = () => this.stored;
  saveTokens = (tokens: StoredOAuthTokens) => void (this.stored = tokens);
  redirectToAuthorization = (url: URL) => void (this.request = url);
  codeVerifier = () => this.verifier;
  saveCodeVerifier = (verifier: string) => void (this.verifier = verifier);
  discoveryState = () => this.discovery;
  saveDiscoveryState = (discovery: OAuthDiscoveryState) => void (this.discovery = discovery);
  invalidateCredentials = (scope: string) => {
    if (scope === 'client') this.client = undefined;
    this.stored = undefined;
  };
}

/** The MCP SDK on both sides. The server is the one of docs/guides/mcp-servers.md. */
onEachEngine((engine) => {
  let registry: Registry;
  let user: string;
  let organization: string;
  let server: DocumentedProgram;
  let url: string;
  beforeAll(async () => {
    url = `http://127.0.0.1:${await freePort()}/mcp`;
    registry = await Registry.start(engine, {
      AUTHORIZATION_CONSENT_URL: 'https://portal.example/consent',
      AUTHORIZATION_RESOURCES: url,
      REGISTRATION_DEFAULT_SCOPES: 'notes:read notes:write',
    });
    ({ apiKey: user, orgId: organization } = await registry.createKey({ userId: 'alice' }));
    const { apiKey } = await registry.createKey({ role: 'service' });
    server = await DocumentedProgram.start('mcp-servers.md', {
      REGISTRY: registry.url,
      SERVICE_KEY: apiKey,
      MCP_URL: url,
    });
  });
  afterAll(async () => {
    await server.stop();
    await registry.stop();
  });
  const { answer, introspect } = authorizationOf(() => registry);

  const revoke = ({ client }: Memory, token: string) =>
    registry.send('/v2/oauth/revoke', { body: { client_id: client!.client_id, token } });

  /** Calls a tool. Its user allows whatever the client asks for on the way. */
  async function call(memory: Memory, name: string, args = {}, isAgain = false): Promise<string> {
    const transport = new StreamableHTTPClientTransport(new URL(url), { authProvider: memory });
    const client = new Client({ name: 'agent', version: '1.0.0' });
    try {
      await client.connect(transport);
      const { content } = await client.callTool({ name, arguments: args });
      return (content as { text: string }[])[0]!.text;
    } catch (error) {
      if (isAgain || !(error instanceof UnauthorizedError)) throw error;
      const { searchParams } = await answer(memory.request!, true, user);
      await transport.finishAuth(searchParams);
    } finally {
      await client.close();
    }
    return call(memory, name, args, true);
  }

  it('registers a client that knows only the URL of the MCP server, and lets it in with a token for that server', async () => {
    const memory = new Memory();
    expect(await call(memory, 'read_notes')).toBe('[]');
    expect(memory.request!.href).toMatch(`${registry.url}/v2/oauth/authorize?`);
    expect(Object.fromEntries(memory.request!.searchParams)).toMatchObject({
      client_id: memory.client!.client_id,
      code_challenge_method: 'S256',
      resource: url,
      scope: 'notes:read',
    });
    expect((await introspect(memory.stored!.access_token)).body).toMatchObject({
      active: true,
      aud: url,
      scope: 'notes:read',
      sub: 'alice',
    });
  });

  it('lets the client in again with its refresh token when its access token has ended', async () => {
    const memory = new Memory();
    await call(memory, 'read_notes');
    const first = memory.stored!;
    await revoke(memory, first.access_token);
    memory.request = undefined;
    await call(memory, 'read_notes');
    expect(memory.request).toBeUndefined();
    expect(memory.stored!.refresh_token).not.toBe(first.refresh_token);
    expect((await introspect(memory.stored!.access_token)).body).toMatchObject({ active: true, aud: url });
  });

  it('gives the client what a tool needs beyond its scopes, and it keeps those that it had', async () => {
    const memory = new Memory();
    await call(memory, 'read_notes');
    expect(memory.stored!.scope).toBe('notes:read');
    expect(await call(memory, 'write_note', { text: 'Buy milk' })).toBe('Written.');
    expect(memory.request!.searchParams.get('scope')).toBe('notes:read notes:write');
    expect(memory.stored!.scope).toBe('notes:read notes:write');
    expect(JSON.parse(await call(memory, 'read_notes'))).toEqual([
      { organization, id: 'alice', text: 'Buy milk' },
    ]);
  });

  it('no form of a request calls a tool whose scope the token lacks: one call is a 403, a batch an error of the tool', async () => {
    const memory = new Memory();
    const before = await call(memory, 'read_notes');
    const toolCall = (name: string, id = 1) => ({
      jsonrpc: '2.0',
      id,
      method: 'tools/call',
      params: { name, arguments: { text: 'Forged' } },
    });
    const post = async (body: unknown, contentType = 'application/json') => {
      const reply = await fetch(url, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${memory.stored!.access_token}`,
          accept: 'application/json, text/event-stream',
          'content-type': contentType,
          'mcp-protocol-version': '2025-03-26',
        },
        body: JSON.stringify(body),
      });
      return {
        status: reply.status,
        text: await reply.text(),
        challenge: reply.headers.get('www-authenticate'),
      };
    };
    expect(await post(toolCall('write_note'))).toMatchObject({
      status: 403,
      challenge: expect.stringMatching(/error="insufficient_scope".*scope="notes:write"/) as string,
    });
    const batch = await post([toolCall('read_notes'), toolCall('write_note', 2)]);
    expect(batch.text).toContain('The access token lacks the scope notes:write.');
    expect(batch.text).not.toContain('Written.');
    for (const body of [[[toolCall('write_note')]], [null, toolCall('write_note')]]) await post(body);
    expect((await post(toolCall('write_note'), 'text/plain')).status).toBe(415);
    expect(await call(memory, 'read_notes')).toBe(before);
  });

  it('registers the client again when its registration was deleted', async () => {
    const memory = new Memory();
    await call(memory, 'read_notes');
    const { client_id: deleted } = memory.client!;
    await registry.graphql(
      'mutation ($id: ID!) { deleteOAuthClient(clientId: $id) { client { clientId } } }',
      {
        id: deleted,
      },
    );
    await call(memory, 'read_notes');
    expect(memory.client!.client_id).not.toBe(deleted);
  });

  it('asks the user again when the grant was revoked', async () => {
    const memory = new Memory();
    await call(memory, 'read_notes');
    await revoke(memory, memory.stored!.refresh_token!);
    memory.request = undefined;
    await call(memory, 'read_notes');
    expect(memory.request).toBeDefined();
  });

  it('lets pages of an allowed host call the server and read the scopes that they need (CORS)', async () => {
    const headers = { origin: 'http://localhost:6274' };
    const preflight = await fetch(url, {
      method: 'OPTIONS',
      headers: {
        ...headers,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type,mcp-protocol-version',
      },
    });
    expect(preflight.ok).toBe(true);
    expect(Object.fromEntries(preflight.headers)).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-methods': expect.stringContaining('POST') as string,
      'access-control-allow-headers': 'authorization,content-type,mcp-protocol-version',
    });
    const reply = await fetch(url, { method: 'POST', headers });
    expect(reply.status).toBe(401);
    expect(Object.fromEntries(reply.headers)).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-expose-headers': 'WWW-Authenticate',
      'www-authenticate': expect.stringContaining('scope="notes:read"') as string,
    });
    const foreign = await fetch(url, { method: 'OPTIONS', headers: { origin: 'https://other.example' } });
    expect(foreign.status).toBe(403);
    expect(foreign.headers.has('access-control-allow-origin')).toBe(false);
  });

  it('tells the client that the user denied it', async () => {
    const memory = new Memory();
    const transport = new StreamableHTTPClientTransport(new URL(url), { authProvider: memory });
    await expect(new Client({ name: 'agent', version: '1.0.0' }).connect(transport)).rejects.toThrow(
      UnauthorizedError,
    );
    const { searchParams } = await answer(memory.request!, false, user);
    await expect(transport.finishAuth(searchParams)).rejects.toMatchObject({ code: 'access_denied' });
  });
});
