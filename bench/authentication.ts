import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import type { LoadRequest } from './load.js';
import { AS_ADMIN, CLIENT, JSON_BODY } from './requests.js';
import type { Server } from './server.js';

const PATH = '/v2/oauth/clients/authenticate';
const ISSUER = 'https://as.example';
/** Clients that authenticate by turns. */
const CLIENTS = 500;
/** More than a measurement sends: each assertion counts once. */
const ASSERTIONS = 120_000;

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

interface Credentials {
  /** A request for each client with a secret. */
  secrets: LoadRequest[];
  /** The client that signs assertions. */
  signingId: string;
}
const prepared = new WeakMap<Server, Credentials>();

const request = (body: object): LoadRequest => ({ method: 'POST', path: PATH, body: JSON.stringify(body) });

/** Makes the clients, once for each server. */
export async function prepareAuthentication(server: Server): Promise<void> {
  if (prepared.has(server)) return;
  const post = async (path: string, body: object) => {
    const headers = { ...JSON_BODY, ...AS_ADMIN };
    const response = await fetch(`${server.url}${path}`, {
      method: 'POST',
      headers,
      body: JSON.stringify(body),
    });
    if (response.status !== 201) throw new Error(`${path} was answered with ${response.status}`);
    return (await response.json()) as Record<string, unknown>;
  };
  const secrets: LoadRequest[] = [];
  for (let i = 0; i < CLIENTS; i++) {
    const { client_id, client_secret } = (await post('/v2/oauth/clients', CLIENT)).data as Record<
      string,
      string
    >;
    secrets.push(request({ client_id, client_secret }));
  }
  const { client_id } = await post('/v2/oauth/register', {
    grant_types: ['client_credentials'],
    token_endpoint_auth_method: 'private_key_jwt',
    jwks: { keys: [publicKey.export({ format: 'jwk' })] },
  });
  prepared.set(server, { secrets, signingId: client_id as string });
}

export const withSecret = (server: Server): LoadRequest[] => prepared.get(server)!.secrets;

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** Fresh assertions, each signed by the key of its client (ES256). */
export function withAssertion(server: Server): LoadRequest[] {
  const { signingId: id } = prepared.get(server)!;
  const exp = Math.floor(Date.now() / 1000) + 1_800;
  return Array.from({ length: ASSERTIONS }, () => {
    const claims = { iss: id, sub: id, aud: ISSUER, exp, jti: randomUUID() };
    const text = `${encode({ alg: 'ES256' })}.${encode(claims)}`;
    const signature = sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' });
    const client_assertion = `${text}.${signature.toString('base64url')}`;
    return request({ client_id: id, client_assertion, audience: ISSUER });
  });
}
