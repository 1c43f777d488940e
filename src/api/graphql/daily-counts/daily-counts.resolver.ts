import { Args, ArgsType, Field, Int, ObjectType, Query } from '@nestjs/graphql';
import { IsInt, Max, Min } from 'class-validator';
import { ClientAuthenticationCountsService } from '../../../clients/authentication/client-authentication-counts.service.js';
import { TokenCountsService } from '../../../authorization/issuance/token-counts.service.js';
import { RegistrationCountsService } from '../../../clients/registration/registration-counts.service.js';
import { AdminResolver } from '../schema/admin-resolver.js';
import { FieldWithDefault } from '../schema/field-with-default.js';

/** The retention of daily counts. */
const MAX_DAYS = 400;
const DEFAULT_DAYS = 30;

@ObjectType({ description: 'The number of attempts, or issued tokens, with the same result.' })
class ResultCount {
  @Field({ description: 'The result. The query that returns it lists the values.' })
  result!: string;

  @Field(() => Int, { description: 'The number of attempts or tokens.' })
  count!: number;
}

@ObjectType({ description: 'The attempts, or issued tokens, of one day by result.' })
class DailyResults {
  @Field({ description: 'The day in UTC as YYYY-MM-DD.' })
  date!: string;

  @Field(() => [ResultCount], {
    description: 'The number for each result that occurred.',
  })
  results!: ResultCount[];
}

@ArgsType()
class DaysArgs {
  @IsInt()
  @Min(1, { message: 'must be at least 1' })
  @Max(MAX_DAYS, { message: `must be at most ${MAX_DAYS}` })
  @FieldWithDefault(() => Int, {
    defaultValue: DEFAULT_DAYS,
    description: `The number of days, 1 to ${MAX_DAYS}.`,
  })
  days!: number;
}

/** Counts of attempts to register and to authenticate, and of tokens. */
@AdminResolver()
export class DailyCountsResolver {
  constructor(
    private readonly registrations: RegistrationCountsService,
    private readonly authentications: ClientAuthenticationCountsService,
    private readonly tokens: TokenCountsService,
  ) {}

  @Query(() => [DailyResults], {
    description:
      'Dynamic registration attempts of the last days including today, oldest first. The last seconds may be missing. Results: created (a ' +
      'new client), reused (an existing shared client), otherwise the error code, such as invalid_redirect_uri.',
  })
  registrationsPerDay(@Args() { days }: DaysArgs): Promise<DailyResults[]> {
    return this.registrations.perDay(days);
  }

  @Query(() => [DailyResults], {
    description:
      'Client authentication attempts of the last days including today, oldest first. The last seconds may be missing. Results: ' +
      'authenticated, otherwise the reason of the failure, such as wrong_secret.',
  })
  clientAuthentications(@Args() { days }: DaysArgs): Promise<DailyResults[]> {
    return this.authentications.perDay(days);
  }

  @Query(() => [DailyResults], {
    description:
      'Access tokens issued in the last days including today, oldest first. The last seconds may be missing. Results: the grant type, such ' +
      'as client_credentials.',
  })
  tokensPerDay(@Args() { days }: DaysArgs): Promise<DailyResults[]> {
    return this.tokens.perDay(days);
  }
}
