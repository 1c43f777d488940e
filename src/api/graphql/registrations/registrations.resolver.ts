import { Args, ArgsType, Field, Int, ObjectType, Query } from '@nestjs/graphql';
import { IsInt, Max, Min } from 'class-validator';
import { RegistrationCountsService } from '../../../clients/registration/registration-counts.service.js';
import { AdminResolver } from '../schema/admin-resolver.js';
import { FieldWithDefault } from '../schema/field-with-default.js';

/** The retention of daily counts. */
const MAX_DAYS = 400;
const DEFAULT_DAYS = 30;

@ObjectType({ description: 'The number of registration attempts with the same result.' })
class RegistrationResultCount {
  @Field({
    description:
      'created: a new client; reused: an existing shared client; otherwise the error code, such as invalid_redirect_uri.',
  })
  result!: string;

  @Field(() => Int, { description: 'The number of attempts.' })
  count!: number;
}

@ObjectType({ description: 'Registration attempts of one day.' })
class RegistrationDay {
  @Field({ description: 'The day in UTC as YYYY-MM-DD.' })
  date!: string;

  @Field(() => [RegistrationResultCount], {
    description: 'The number of attempts for each result that occurred.',
  })
  results!: RegistrationResultCount[];
}

@ArgsType()
class RegistrationsPerDayArgs {
  @IsInt()
  @Min(1, { message: 'must be at least 1' })
  @Max(MAX_DAYS, { message: `must be at most ${MAX_DAYS}` })
  @FieldWithDefault(() => Int, {
    defaultValue: DEFAULT_DAYS,
    description: `The number of days, 1 to ${MAX_DAYS}.`,
  })
  days!: number;
}

/** Counts of dynamic registration attempts. */
@AdminResolver()
export class RegistrationsResolver {
  constructor(private readonly counts: RegistrationCountsService) {}

  @Query(() => [RegistrationDay], {
    description:
      'Dynamic registration attempts of the last days including today, oldest first. The last seconds may be missing.',
  })
  registrationsPerDay(@Args() { days }: RegistrationsPerDayArgs): Promise<RegistrationDay[]> {
    return this.counts.perDay(days);
  }
}
