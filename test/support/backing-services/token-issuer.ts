import { KeyObject, sign } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWTHeaderParameters, SignJWT } from 'jose';

type PrivateKey = Awaited<ReturnType<typeof generateKeyPair>>['privateKey'];

/** An authorization server as far as this service sees one: a key set over HTTP, and tokens signed with it. */
export class TokenIssuer {
  static readonly AUDIENCE = 'https://registry.example';

  private constructor(
    readonly url: string,
    readonly publicJwk: object,
    private readonly privateKey: PrivateKey,
    private readonly server: Server,
  ) {}

  /** @param otherKeys keys of the key set other than the one that signs */
  static async start(otherKeys: readonly object[] = []): Promise<TokenIssuer> {
    const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
    const publicJwk = { ...(await exportJWK(publicKey)), kid: 'key-1', alg: 'ES256', use: 'sig' };
    const server = createServer((request, response) => {
      response.statusCode = request.url === '/.well-known/jwks.json' ? 200 : 404;
      response
        .setHeader('content-type', 'application/json')
        .end(JSON.stringify({ keys: [publicJwk, ...otherKeys] }));
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return new TokenIssuer(url, publicJwk, privateKey, server);
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  /** The variables that make the service trust this issuer. */
  get env(): Record<string, string> {
    return { AUTH_JWT_ISSUER: this.url, AUTH_JWT_AUDIENCE: TokenIssuer.AUDIENCE };
  }

  /** A valid token of a member, with the claims that a case changes; undefined leaves a claim out. */
  sign(
    claims: Record<string, unknown> = {},
    key: PrivateKey | Uint8Array = this.privateKey,
    header: JWTHeaderParameters = { alg: 'ES256', kid: 'key-1' },
  ): Promise<string> {
    return new SignJWT({ ...this.goodClaims(), ...claims }).setProtectedHeader(header).sign(key);
  }

  /** A software statement, with the claims that a case changes. */
  signStatement(
    claims: Record<string, unknown> = {},
    ...how: [key?: PrivateKey | Uint8Array, header?: JWTHeaderParameters]
  ): Promise<string> {
    return this.sign(
      { aud: undefined, sub: undefined, org_id: undefined, exp: undefined, ...claims },
      ...how,
    );
  }

  /** The JWS of any two texts, be they JSON or not. */
  signText(header: string, payload: string): string {
    const signed = [header, payload].map((part) => Buffer.from(part).toString('base64url')).join('.');
    const key = KeyObject.from(this.privateKey);
    const signature = sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
    return `${signed}.${signature.toString('base64url')}`;
  }

  goodClaims(): Record<string, unknown> {
    const now = Math.floor(Date.now() / 1000);
    return {
      iss: this.url,
      aud: TokenIssuer.AUDIENCE,
      sub: 'jwt-user',
      org_id: 'jwt-org',
      iat: now,
      exp: now + 300,
    };
  }
}
