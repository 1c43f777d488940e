import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { createDatabase, onEachEngine } from '../../support/databases.js';
import { selfSignedCertificate } from '../../support/network/certificate.js';
import { directory, KEY, start, startProgramsPerTest } from '../../support/programs.js';

const ISSUER = 'https://as.example';

onEachEngine((engine) => {
  startProgramsPerTest();

  /** A server of keys with https, a client whose `jwks_uri` is there, and the built service that trusts its certificate. */
  async function aClientWithRemoteKeys(env: Record<string, string> = {}) {
    const certificate = selfSignedCertificate();
    const pair = async () => generateKeyPair('ES256', { extractable: true });
    const keys = { first: await pair(), second: await pair() };
    let served: (keyof typeof keys)[] = ['first'];
    let requests = 0;
    const server: Server = createServer(certificate, (_request, response) => {
      requests++;
      const publicKeys = served.map(async (kid) => ({ ...(await exportJWK(keys[kid].publicKey)), kid }));
      void Promise.all(publicKeys).then((jwks) => response.end(JSON.stringify({ keys: jwks })));
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));

    const ca = join(directory, 'ca.pem');
    await writeFile(ca, certificate.cert);
    const database = await createDatabase(engine);
    const program = start({
      NODE_ENV: 'test',
      NODE_EXTRA_CA_CERTS: ca,
      DATABASE_URL: database.url,
      BOOTSTRAP_API_KEY: KEY,
      ...env,
    });
    const url = await program.says(/Listening on (http:[\w.:/]+)/);
    const post = async (path: string, body: object) => {
      const response = await fetch(`${url}${path}`, {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' },
      });
      return (await response.json()) as Record<string, unknown>;
    };
    const { client_id } = await post('/v2/oauth/register', {
      grant_types: ['client_credentials'],
      token_endpoint_auth_method: 'private_key_jwt',
      jwks_uri: `https://localhost:${(server.address() as AddressInfo).port}/jwks.json`,
    });
    const id = client_id as string;
    return {
      requests: () => requests,
      serve: (...kids: (keyof typeof keys)[]) => void (served = kids),
      async authenticateWith(kid: keyof typeof keys) {
        const assertion = new SignJWT({ jti: randomUUID() })
          .setProtectedHeader({ alg: 'ES256', kid })
          .setIssuer(id)
          .setSubject(id)
          .setAudience(ISSUER)
          .setExpirationTime('1m');
        const client_assertion = await assertion.sign(keys[kid].privateKey);
        const body = { client_id, client_assertion, audience: ISSUER };
        return post('/v2/oauth/clients/authenticate', body);
      },
      async stop() {
        server.closeAllConnections();
        server.close();
        await program.stop();
        await database.drop();
      },
    };
  }

  it('a client signs with a key of its jwks_uri; an unknown key is fetched at most once a minute', async () => {
    const client = await aClientWithRemoteKeys();
    for (let i = 0; i < 3; i++) {
      const reply = await client.authenticateWith('first');
      expect(reply).toMatchObject({ active: true, method: 'private_key_jwt', key: { kid: 'first' } });
    }
    expect(client.requests()).toBe(1);
    client.serve('first', 'second');
    for (let i = 0; i < 3; i++) {
      const reply = await client.authenticateWith('second');
      // It may be published already
      expect(reply).toMatchObject({ error: 'temporarily_unavailable' });
    }
    expect(client.requests()).toBe(1);
    await client.stop();
  });

  it('in production no key is fetched from this machine, and the reply says why', async () => {
    const client = await aClientWithRemoteKeys({ NODE_ENV: 'production' });
    expect(await client.authenticateWith('first')).toEqual({
      active: false,
      reason: 'invalid_assertion',
      description: 'localhost has an address that is not a public one of the Internet.',
    });
    expect(client.requests()).toBe(0);
    await client.stop();
  });
});
