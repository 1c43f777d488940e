import { UsePipes } from '@nestjs/common';
import { Args, Query, Resolver } from '@nestjs/graphql';
import { Access } from '../../../auth/principal/access.js';
import { RegistrationCountsService } from '../../../clients/registration/registration-counts.service.js';
import { ArgumentsPipe } from '../schema/arguments.pipe.js';
import { RegistrationDay, RegistrationsPerDayArgs } from './registration-day.type.js';

/** What goes on at the door where software registers itself. */
@Resolver()
@Access('admin')
@UsePipes(ArgumentsPipe)
export class RegistrationsResolver {
  constructor(private readonly counts: RegistrationCountsService) {}

  @Query(() => [RegistrationDay], {
    description:
      'What became of attempts to register on the last days, today included, the oldest first. The last seconds may be missing.',
  })
  registrationsPerDay(@Args() { days }: RegistrationsPerDayArgs): Promise<RegistrationDay[]> {
    return this.counts.perDay(days);
  }
}
