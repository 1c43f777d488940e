import { Injectable } from '@nestjs/common';
import { createLocalJWKSet, jwtVerify, SignJWT } from 'jose';
import { hashSecret } from '../../secrets/secret.js';
import type { UnitOfWork } from '../engine/unit-of-work.js';
import { ResourcesService } from '../resources/resources.service.js';
import { SIGNING_ALGORITHM } from '../engine/signing-algorithm.js';
import { SigningKeys } from './signing-keys.js';

const TYPE = 'at+jwt';

/** Access tokens as signed JWTs (RFC 9068), for resources that verify them without asking us. */
@Injectable()
export class JwtAccessTokens {
  constructor(
    private readonly keys: SigningKeys,
    private readonly resources: ResourcesService,
  ) {}

  /**
   * The body of a token reply, with a JWT in place of the opaque access token where its resource wants one. Nobody learns the opaque
   * one, whose hash is the `jti`.
   */
  async inPlaceOfOpaque(issuer: string, body: string, { insert, client }: UnitOfWork): Promise<string> {
    const access = insert.find(({ kind }) => kind === 'access');
    const { aud, accountId, scope, jkt } = (access?.payload ?? {}) as Record<string, string | undefined>;
    const resource = aud === undefined ? null : await this.resources.find(aud, issuer);
    if (resource?.tokenFormat !== 'jwt') return body;
    const reply = JSON.parse(body) as { access_token: string };
    const { kid, key } = await this.keys.current();
    const claims = {
      client_id: client!.id,
      ...(scope && { scope }),
      ...(jkt && { cnf: { jkt } }),
    };
    const jwt = await new SignJWT(claims)
      .setProtectedHeader({ alg: SIGNING_ALGORITHM, typ: TYPE, kid })
      .setIssuer(issuer)
      .setSubject(accountId ?? client!.id)
      .setAudience(aud!)
      .setJti(access!.hash)
      .setIssuedAt(access!.createdAt)
      .setExpirationTime(access!.expiresAt)
      .sign(key);
    return JSON.stringify({ ...reply, access_token: jwt });
  }

  /** By which a token is stored; a string that is no token of ours has a hash, too. */
  async hashOf(issuer: string, token: string): Promise<string> {
    if (token.split('.').length !== 3 || !this.keys.isAvailable) return hashSecret(token);
    const keys = (await this.keys.list()).map(({ kid, publicJwk }) => ({ ...publicJwk, kid }));
    const options = { issuer, typ: TYPE, algorithms: [SIGNING_ALGORITHM] };
    const verified = await jwtVerify(token, createLocalJWKSet({ keys }), options).catch(() => null);
    return verified?.payload.jti ?? hashSecret(token);
  }
}
