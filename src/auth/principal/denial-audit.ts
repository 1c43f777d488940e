import { Injectable, Logger } from '@nestjs/common';
import { type RequestContext, credentialEntry } from '../../audit/audit-event.js';
import { AuditTrail } from '../../audit/audit-trail.js';

/** Each caller is recorded once in that time, and this many callers at most, so that denials cannot fill the audit log. */
const PERIOD_MS = 3_600_000;
const MAX_PER_PERIOD = 1_000;

/** Records calls that were denied for the role of their caller, each instance for itself. */
@Injectable()
export class DenialAudit {
  private readonly logger = new Logger(DenialAudit.name);
  /** Strangers have a bound of their own: they must not keep a member's attempt out of the audit log. */
  private readonly members = new Recent();
  private readonly strangers = new Recent();

  constructor(private readonly auditTrail: AuditTrail) {}

  /** What cannot be recorded is denied all the same. */
  async record(context: RequestContext): Promise<void> {
    const { actor, address, requestId } = context;
    const recent = actor.id === null ? this.strangers : this.members;
    const key = actor.id === null ? String(address) : `${actor.type} ${actor.id}`;
    if (!recent.add(key)) return;
    try {
      await this.auditTrail.record(context, credentialEntry('access.denied', requestId ?? '', []));
    } catch (error) {
      recent.remove(key);
      this.logger.warn(error);
    }
  }
}

/** Callers that were denied in the current period. */
class Recent {
  private seen = new Set<string>();
  private until = 0;

  /** Whether it is new, and there is room for it. */
  add(key: string): boolean {
    const now = performance.now();
    if (now >= this.until) {
      this.seen = new Set();
      this.until = now + PERIOD_MS;
    }
    if (this.seen.size >= MAX_PER_PERIOD || this.seen.has(key)) return false;
    this.seen.add(key);
    return true;
  }

  remove(key: string): void {
    this.seen.delete(key);
  }
}
