import { hash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { RequestContext } from '../../audit/audit-event.js';
import { isWaiting } from '../../queues/cancellation.js';
import { registrations } from '../../diagnostics/channels.js';
import { RegistryError } from '../../errors/registry-error.js';
import type { IssuedRegistration } from '../client/client.js';
import { RegistrationsRepository } from './registrations.repository.js';
import { RegistrationCountsService } from './registration-counts.service.js';
import type { ClientMetadata } from '../../policy/client.js';

/** Each fails only if an operator changes or removes the client between two statements. */
const MAX_ATTEMPTS = 5;

/** A client that is being created, and the callers that wait for it. */
interface Creation {
  callers: RequestContext[];
  issued: Promise<IssuedRegistration | null>;
}

/**
 * Clients that are shared by all equal registrations (RFC 7591 §3.2.1): public ones, and those with the same software statement. A
 * secret is in the first reply only.
 */
@Injectable()
export class DeduplicatedRegistrations {
  /** Clients that are being created by this instance, by the hash of what is granted to them. */
  private readonly inFlight = new Map<string, Creation>();

  constructor(
    private readonly repository: RegistrationsRepository,
    private readonly counts: RegistrationCountsService,
  ) {}

  /**
   * Returns the shared client with this metadata, or a new one. No caller manages it: the first one could redirect the codes of all
   * others.
   * @param create creates the client and stores the hash; null if another instance was faster. Its context waits while any caller does, so
   *   that one caller that disconnects does not fail the others
   */
  async register(
    profile: ClientMetadata,
    context: RequestContext,
    create: (metadataHash: string, context: RequestContext) => Promise<IssuedRegistration | null>,
  ): Promise<IssuedRegistration> {
    // Written in one order for all callers; what callers order themselves makes another client
    const metadataHash = hash('sha256', JSON.stringify(profile), 'hex');
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const client = await this.repository.recordRepeat(metadataHash);
      if (client !== null) {
        this.counts.count('reused');
        if (registrations.hasSubscribers) registrations.publish({ result: 'reused' });
        return { client, secret: null, registrationToken: null };
      }
      const others = this.inFlight.get(metadataHash);
      if (others) {
        others.callers.push(context);
        await others.issued;
        continue;
      }
      const callers = [context];
      const issued = create(metadataHash, { ...context, isWaiting: () => callers.some(isWaiting) }).finally(
        () => this.inFlight.delete(metadataHash),
      );
      this.inFlight.set(metadataHash, { callers, issued });
      const own = await issued;
      if (own !== null) return own;
    }
    throw new RegistryError(
      'temporarily_unavailable',
      'The shared client is being changed. Retry after the time in Retry-After.',
      {
        retryAfterSeconds: 1,
      },
    );
  }
}
