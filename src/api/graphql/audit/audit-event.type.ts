import { Field, ID, ObjectType } from '@nestjs/graphql';
import { GraphQLDateTime, GraphQLJSON } from 'graphql-scalars';
import type {
  Actor,
  ActorType,
  AuditAction,
  AuditEvent as Event,
  Channel,
} from '../../../audit/audit-event.js';
import { connectionOf } from '../pagination/connection.js';
import { FIELD_NAMES } from '../../../policy/fields.js';
import { ActorTypeEnum, AuditActionEnum, ChannelEnum } from '../schema/enums.js';

@ObjectType({ description: 'The actor of an event.' })
export class AuditActor implements Actor {
  @Field(() => ActorTypeEnum, { description: 'The kind of credential.' })
  type!: ActorType;

  @Field(() => ID, {
    nullable: true,
    description:
      'The id of the API key or initial access token, the subject of the JWT, or the client that used its registration access token.',
  })
  id!: string | null;
}

@ObjectType({
  description:
    'A change of one field. Secrets and hashes are never shown. A value over 256 bytes is an object with its sha256 and bytes.',
})
export class AuditChange {
  @Field({ description: 'The field name in this schema.' })
  field!: string;

  @Field(() => GraphQLJSON, { nullable: true, description: 'The previous value; null if there was none.' })
  before!: unknown;

  @Field(() => GraphQLJSON, { nullable: true, description: 'The new value; null if there is none.' })
  after!: unknown;

  @Field(() => [GraphQLJSON], {
    nullable: true,
    description:
      'The added entries of a list over 256 bytes, for which before and after are null. Entries beyond the size limit are an object with ' +
      'sha256, bytes and entries. Null for other values.',
  })
  added?: unknown[];

  @Field(() => [GraphQLJSON], {
    nullable: true,
    description: 'The removed entries, in the same form. Both lists are empty if only the order changed.',
  })
  removed?: unknown[];
}

@ObjectType({ description: 'An audit event. Events are immutable.' })
export class AuditEvent {
  @Field(() => ID, { description: 'The id of the event. Ids sort by time.' })
  id!: string;

  @Field(() => GraphQLDateTime, { description: 'When the event occurred.' })
  at!: Date;

  @Field(() => AuditActor, { description: 'The actor.' })
  actor!: AuditActor;

  @Field(() => ChannelEnum, { description: 'The interface used.' })
  channel!: Channel;

  @Field(() => AuditActionEnum, { description: 'The action.' })
  action!: AuditAction;

  @Field(() => ID, {
    nullable: true,
    description: 'The client concerned; null for API keys, initial access tokens and bulk actions.',
  })
  clientId!: string | null;

  @Field(() => ID, {
    description:
      'The id of the changed client, secret, key or token; for bulk actions, of the last client. For sessions, the API key; for denied ' +
      'requests, the request id.',
  })
  targetId!: string;

  @Field(() => String, { nullable: true, description: 'The address of the caller.' })
  address!: string | null;

  @Field(() => String, { nullable: true, description: 'The id of the request, as in the log.' })
  requestId!: string | null;

  @Field(() => [AuditChange], { description: 'The fields that changed.' })
  changes!: AuditChange[];
}

@ObjectType({ description: 'A page of audit events, newest first (Relay Cursor Connections).' })
export class AuditEventConnection extends connectionOf(AuditEvent) {}

/** Fields of clients are called here as operators know them; those of other nouns have the same name everywhere. */
export function toAuditEvent({ changes, ...event }: Event): AuditEvent {
  const names: Record<string, string> = event.action.startsWith('client.') ? FIELD_NAMES.graphql : {};
  const nameOf = (field: string) => (Object.hasOwn(names, field) ? names[field]! : field);
  return { ...event, changes: changes.map(({ field, ...change }) => ({ field: nameOf(field), ...change })) };
}
