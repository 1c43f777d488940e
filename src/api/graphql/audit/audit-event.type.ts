import { Field, ID, InputType, ObjectType } from '@nestjs/graphql';
import { GraphQLDateTime, GraphQLJSON } from 'graphql-scalars';
import type {
  Actor,
  ActorType,
  AuditAction,
  AuditEvent as Event,
  AuditFilter,
  Channel,
} from '../../../audit/audit-event.js';
import { connectionOf } from '../pagination/connection.js';
import { type ClientField, FIELD_NAMES } from '../../../policy/fields.js';
import { SearchField } from '../schema/filter.js';
import { ActorTypeEnum, AuditActionEnum, ChannelEnum } from '../schema/enums.js';

@ObjectType({ description: 'Who did something.' })
export class AuditActor implements Actor {
  @Field(() => ActorTypeEnum, { description: 'What they showed.' })
  type!: ActorType;

  @Field(() => ID, {
    nullable: true,
    description:
      'The API key or initial access token, the subject of the JWT, or the client whose registration token it was.',
  })
  id!: string | null;
}

@ObjectType({
  description:
    'A field as it was and as it is; never of a secret or its hash. A value of more than 256 bytes is an object of its sha256 and bytes.',
})
export class AuditChange {
  @Field({ description: 'Its name here.' })
  field!: string;

  @Field(() => GraphQLJSON, { nullable: true, description: 'Null where there was nothing.' })
  before!: unknown;

  @Field(() => GraphQLJSON, { nullable: true, description: 'Null where there is nothing.' })
  after!: unknown;

  @Field(() => [GraphQLJSON], {
    nullable: true,
    description:
      'The entries that came, of a list of more than 256 bytes, for which before and after are null; those that are too many are an object of ' +
      'sha256, bytes and entries. Null for all else.',
  })
  added?: unknown[];

  @Field(() => [GraphQLJSON], {
    nullable: true,
    description: 'The entries that went, in the same way. Both are empty where only the order changed.',
  })
  removed?: unknown[];
}

@ObjectType({ description: 'Something that happened. It is never changed.' })
export class AuditEvent {
  @Field(() => ID, { description: 'Sorts by time.' })
  id!: string;

  @Field(() => GraphQLDateTime, { description: 'When.' })
  at!: Date;

  @Field(() => AuditActor, { description: 'Who.' })
  actor!: AuditActor;

  @Field(() => ChannelEnum, { description: 'The interface used.' })
  channel!: Channel;

  @Field(() => AuditActionEnum, { description: 'What.' })
  action!: AuditAction;

  @Field(() => ID, {
    nullable: true,
    description: 'To which client; null for keys and tokens of operators, and for many clients at once.',
  })
  clientId!: string | null;

  @Field(() => ID, {
    description:
      'The client, secret, key or token that was changed; of many clients, the last one. Of a session, its API key; of a request ' +
      'that was denied, its id.',
  })
  targetId!: string;

  @Field(() => String, { nullable: true, description: 'From which address.' })
  address!: string | null;

  @Field(() => String, { nullable: true, description: 'In which request, as the log names it.' })
  requestId!: string | null;

  @Field(() => [AuditChange], { description: 'The fields that changed.' })
  changes!: AuditChange[];
}

@ObjectType({ description: 'A page of events, the newest first (Relay Cursor Connections).' })
export class AuditEventConnection extends connectionOf(AuditEvent) {}

@InputType('AuditEventFilter', { description: 'Which events: those that match everything that is given.' })
export class AuditEventFilter implements AuditFilter {
  @SearchField(() => ID, 'About this client.')
  clientId?: string;

  @Field(() => ActorTypeEnum, { nullable: true, description: 'By somebody of this kind.' })
  actorType?: ActorType;

  @SearchField(() => ID, 'By this key, token, subject or client.')
  actorId?: string;

  @Field(() => AuditActionEnum, { nullable: true, description: 'Of this kind.' })
  action?: AuditAction;

  @Field(() => ChannelEnum, { nullable: true, description: 'Through this interface.' })
  channel?: Channel;

  @Field(() => GraphQLDateTime, { nullable: true, description: 'Then or later.' })
  since?: Date;

  @Field(() => GraphQLDateTime, { nullable: true, description: 'Earlier than this.' })
  until?: Date;
}

/** Fields of clients are called here as operators know them. */
export function toAuditEvent({ changes, ...event }: Event): AuditEvent {
  const names = FIELD_NAMES.graphql;
  const nameOf = (field: string) => (Object.hasOwn(names, field) ? names[field as ClientField] : field);
  return { ...event, changes: changes.map(({ field, ...change }) => ({ field: nameOf(field), ...change })) };
}
