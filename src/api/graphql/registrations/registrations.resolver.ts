import { Args, Query } from '@nestjs/graphql';
import { RegistrationCountsService } from '../../../clients/registration/registration-counts.service.js';
import { RegistrationDay, RegistrationsPerDayArgs } from './registration-day.type.js';
import { AdminResolver } from '../schema/admin-resolver.js';

/** What goes on at the door where software registers itself. */
@AdminResolver()
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
