import { ArgsType, Field, ID, InputType } from '@nestjs/graphql';
import { GraphQLDateTime } from 'graphql-scalars';
import type { ActorType, AuditAction, AuditFilter, Channel } from '../../../audit/audit-event.js';
import { TwoWayPageArgs } from '../pagination/connection.js';
import { ActorTypeEnum, AuditActionEnum, ChannelEnum } from '../schema/enums.js';
import { FilterField, SearchField } from '../schema/filter.js';

@InputType('AuditEventFilter', { description: 'Filters audit events. All conditions must match.' })
export class AuditEventFilter implements AuditFilter {
  @SearchField(() => ID, 'The client concerned.')
  clientId?: string;

  @Field(() => ActorTypeEnum, { nullable: true, description: 'The type of actor.' })
  actorType?: ActorType;

  @SearchField(() => ID, 'The id of the actor: a key, token, subject or client.')
  actorId?: string;

  @Field(() => AuditActionEnum, { nullable: true, description: 'The action.' })
  action?: AuditAction;

  @Field(() => ChannelEnum, { nullable: true, description: 'The interface used.' })
  channel?: Channel;

  @Field(() => GraphQLDateTime, { nullable: true, description: 'Events at or after this time.' })
  since?: Date;

  @Field(() => GraphQLDateTime, { nullable: true, description: 'Events before this time.' })
  until?: Date;
}

@ArgsType()
export class AuditEventsArgs extends TwoWayPageArgs {
  @FilterField(() => AuditEventFilter, 'Filters the events. Default: all events.')
  filter?: AuditEventFilter | null;
}
