import { Injectable } from '@nestjs/common';
import { createLocalJWKSet, jwtVerify, SignJWT } from 'jose';
import { newId } from '../../database/id.js';
import { readJwt } from '../../jwt/read-jwt.js';
import { hashSecret } from '../../secrets/secret.js';
import type { UnitOfWork } from '../engine/unit-of-work.js';
import { ResourcesService } from '../resources/resources.service.js';
import { SIGNING_ALGORITHM } from '../engine/signing-algorithm.js';
import { subjectOf } from '../grants/subject.js';
import { isIssued } from '../tokens/token.js';
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
   * The body of a token reply, with a JWT in place of the opaque access token if its resource wants one. The opaque one is discarded:
   * its row gets the hash of the `jti` instead.
   */
  async inPlaceOfOpaque(
    issuer: string,
    body: string,
    { insert, client, grant }: UnitOfWork,
  ): Promise<string> {
    const access = insert.find(({ kind }) => kind === 'access');
    const { aud, scope, jkt } = (access?.payload ?? {}) as Record<string, string | undefined>;
    const resource = aud === undefined ? null : (await this.resources.known()).find(aud, issuer);
    if (resource?.tokenFormat !== 'jwt') return body;
    const reply = JSON.parse(body) as { access_token: string };
    const { kid, key } = await this.keys.current();
    const jti = newId();
    access!.hash = hashOfJti(jti);
    const claims = {
      ...subjectOf(client, grant),
      client_id: client.id,
      ...(scope && { scope }),
      ...(jkt && { cnf: { jkt } }),
    };
    const jwt = await new SignJWT(claims)
      .setProtectedHeader({ alg: SIGNING_ALGORITHM, typ: TYPE, kid })
      .setIssuer(issuer)
      .setAudience(aud!)
      .setJti(jti)
      .setIssuedAt(access!.createdAt)
      .setExpirationTime(access!.expiresAt)
      .sign(key);
    return JSON.stringify({ ...reply, access_token: jwt });
  }

  /** The hash that identifies a token in the database; null if it is not a token of this server. */
  async hashOf(issuer: string, token: string): Promise<string | null> {
    if (isIssued(token)) return hashSecret(token);
    if (readJwt(token) === null) return null;
    const keys = (await this.keys.published()).map(({ kid, publicJwk }) => ({ ...publicJwk, kid }));
    const options = { issuer, typ: TYPE, algorithms: [SIGNING_ALGORITHM] };
    const verified = await jwtVerify(token, createLocalJWKSet({ keys }), options).catch(() => null);
    return verified?.payload.jti === undefined ? null : hashOfJti(verified.payload.jti);
  }
}

/** No opaque token begins like that. */
const hashOfJti = (jti: string) => hashSecret(`jti ${jti}`);
