import { Injectable } from '@nestjs/common';
import type { RequestContext } from '../../audit/audit-event.js';
import { RegistryError } from '../../errors/registry-error.js';
import { generateSecret, hashSecret } from '../../secrets/secret.js';
import { AdminSessionsRepository } from './admin-sessions.repository.js';
import { ApiKeysService } from '../api-keys/api-keys.service.js';
import { isAllowed, rolesText } from '../principal/access-roles.js';
import { DenialAudit } from '../principal/denial-audit.js';
import type { Principal } from '../principal/principal.js';

/** How long a session lasts, a working day. */
export const SESSION_SECONDS = 8 * 3_600;

/** Where people sign in with an API key. */
export type SessionPage = 'console' | 'consent';

/** A session of one page is unknown to the other. */
const hashOf = (token: string, page: SessionPage) =>
  hashSecret(page === 'console' ? token : `${page} ${token}`);

/** What a browser is given instead of the key. */
export interface IssuedSession {
  /** The only copy of it in plaintext. */
  token: string;
  principal: Principal;
}

/** Sessions of operators in browsers. Every request looks up its session and key, so both end on all instances at once. */
@Injectable()
export class AdminSessionsService {
  constructor(
    private readonly repository: AdminSessionsRepository,
    private readonly apiKeys: ApiKeysService,
    private readonly denials: DenialAudit,
  ) {}

  /**
   * Begins a session that acts as the key, for as long as that is valid.
   * @throws RegistryError `invalid_token` if the key is not valid, `insufficient_scope` if its role may not query GraphQL
   */
  async start(apiKey: string, context: RequestContext): Promise<IssuedSession> {
    const principal = await this.apiKeys.authenticate(apiKey);
    const actor = principal?.actor ?? context.actor;
    const mayQuery = principal !== null && isAllowed(principal.role, 'viewer');
    if (!mayQuery) await this.denials.record({ ...context, actor });
    if (principal === null) {
      throw new RegistryError('invalid_token', 'The API key is malformed, unknown, expired or revoked.');
    }
    if (!mayQuery) {
      const { role } = principal;
      throw new RegistryError(
        'insufficient_scope',
        `The console requires the ${rolesText('viewer')} role. This key has the ${role} role.`,
      );
    }
    return { token: await this.begin(principal, context), principal };
  }

  /**
   * Begins a session of who has just shown an API key; the token of it.
   * @param page which accepts the session; no other one does
   */
  async begin(
    { actor, orgId }: Principal,
    context: RequestContext,
    page: SessionPage = 'console',
  ): Promise<string> {
    const token = generateSecret();
    const createdAt = new Date();
    const expiresAt = new Date(createdAt.getTime() + SESSION_SECONDS * 1000);
    const session = { hash: hashOf(token, page), apiKeyId: actor.id!, createdAt, expiresAt };
    await this.repository.insert(session, orgId, { ...context, actor });
    return token;
  }

  /** The principal of the session; null if the session is unknown or has ended, or its key is not valid any more. */
  async authenticate(token: string, page: SessionPage = 'console'): Promise<Principal | null> {
    const session = await this.repository.findByHash(hashOf(token, page));
    if (session === null || session.expiresAt <= new Date()) return null;
    return this.apiKeys.authenticateSession(session.apiKeyId, session.expiresAt);
  }

  /** Ends a session, if there is one: a copy of its cookie opens nothing any more. */
  async end(token: string, context: RequestContext, page: SessionPage = 'console'): Promise<void> {
    const session = await this.repository.findByHash(hashOf(token, page));
    if (session === null) return;
    await this.repository.remove(session, { ...context, actor: { type: 'api_key', id: session.apiKeyId } });
  }

  /** Removes sessions that expired before `limit`; says how many. */
  purge(limit: Date): Promise<number> {
    return this.repository.purge(limit);
  }
}
