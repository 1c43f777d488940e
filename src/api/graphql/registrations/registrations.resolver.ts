import { Args, ArgsType, Field, Int, ObjectType, Query } from '@nestjs/graphql';
import { IsInt, Max, Min } from 'class-validator';
import { RegistrationCountsService } from '../../../clients/registration/registration-counts.service.js';
import { AdminResolver } from '../schema/admin-resolver.js';
import { FieldWithDefault } from '../schema/field-with-default.js';

/** As long as days are kept. */
const MAX_DAYS = 400;
const DEFAULT_DAYS = 30;

@ObjectType({ description: 'How many attempts to register came to the same end.' })
class RegistrationResultCount {
  @Field({
    description:
      'created: a client was made; reused: there was one already that others share; else the code of the error, such as invalid_redirect_uri.',
  })
  result!: string;

  @Field(() => Int, { description: 'How many they are.' })
  count!: number;
}

@ObjectType({ description: 'What became of attempts to register on a day.' })
class RegistrationDay {
  @Field({ description: 'A day of UTC as YYYY-MM-DD.' })
  date!: string;

  @Field(() => [RegistrationResultCount], { description: 'By their ends, of which there were any.' })
  results!: RegistrationResultCount[];
}

@ArgsType()
class RegistrationsPerDayArgs {
  @IsInt()
  @Min(1, { message: 'must be at least 1' })
  @Max(MAX_DAYS, { message: `must be at most ${MAX_DAYS}` })
  @FieldWithDefault(() => Int, {
    defaultValue: DEFAULT_DAYS,
    description: `How many days, 1 to ${MAX_DAYS}.`,
  })
  days!: number;
}

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
