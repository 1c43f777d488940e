import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { document } from '../database/sql/column-types.js';
import type { ActorType, AuditAction, Change, Channel } from './audit-event.js';

/** No foreign key: an event outlives what it is about. */
@Entity('audit_events')
@Index('audit_events_client_id', ['clientId', 'id'])
@Index('audit_events_actor_id', ['actorId', 'id'], { where: '"actor_id" IS NOT NULL' })
@Index('audit_events_action', ['action', 'id'])
export class AuditEventEntity {
  /** UUIDv7: it holds the time, and sorts by it. */
  @PrimaryColumn({ type: 'varchar', length: 36, primaryKeyConstraintName: 'audit_events_pkey' })
  id!: string;

  @Column({ name: 'actor_type', type: 'varchar', length: 32 })
  actorType!: ActorType;

  @Column({ name: 'actor_id', type: 'varchar', length: 255, nullable: true })
  actorId!: string | null;

  @Column({ type: 'varchar', length: 16 })
  channel!: Channel;

  /** What releases up to 0.1.0 write instead of the channel; a trigger moves it there. Drop it with the trigger after the next release. */
  @Column({ name: 'door', type: 'varchar', length: 16, nullable: true, select: false, insert: false })
  formerChannel?: null;

  @Column({ type: 'varchar', length: 64 })
  action!: AuditAction;

  @Column({ name: 'client_id', type: 'varchar', length: 36, nullable: true })
  clientId!: string | null;

  @Column({ name: 'target_id', type: 'varchar', length: 36 })
  targetId!: string;

  @Column({ type: 'varchar', length: 64, nullable: true })
  address!: string | null;

  @Column({ name: 'request_id', type: 'varchar', length: 64, nullable: true })
  requestId!: string | null;

  @Column({ ...document })
  changes!: Change[];
}
