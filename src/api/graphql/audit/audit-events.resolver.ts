import { UsePipes } from '@nestjs/common';
import { Args, ArgsType, Field, Query, Resolver } from '@nestjs/graphql';
import { Type } from 'class-transformer';
import { IsOptional, ValidateNested } from 'class-validator';
import { AuditTrail } from '../../../audit/audit-trail.js';
import { Access } from '../../../auth/principal/access.js';
import { toFilter } from '../clients/oauth-client.mapper.js';
import { ArgumentsPipe } from '../schema/arguments.pipe.js';
import { AuditEventConnection, AuditEventFilter, toAuditEvent } from './audit-event.type.js';
import { toIdConnection, toIdPageRequest, TwoWayPageArgs } from '../pagination/connection.js';

@ArgsType()
class AuditEventsArgs extends TwoWayPageArgs {
  @IsOptional()
  @ValidateNested()
  @Type(() => AuditEventFilter)
  @Field(() => AuditEventFilter, {
    nullable: true,
    description: 'Which events; all, where it is left out.',
  })
  filter?: AuditEventFilter | null;
}

/** What happened, and who did it. There is no mutation about it. */
@Resolver()
@Access('admin')
@UsePipes(ArgumentsPipe)
export class AuditEventsResolver {
  constructor(private readonly auditTrail: AuditTrail) {}

  @Query(() => AuditEventConnection, { description: 'What happened, the latest first.' })
  async auditEvents(@Args() { filter, ...page }: AuditEventsArgs): Promise<AuditEventConnection> {
    const events = await this.auditTrail.page(toFilter(filter), toIdPageRequest(page));
    return toIdConnection(events, toAuditEvent);
  }
}
