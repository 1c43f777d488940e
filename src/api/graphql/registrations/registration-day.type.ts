import { ArgsType, Field, Int, ObjectType } from '@nestjs/graphql';
import { IsInt, Max, Min } from 'class-validator';
import { FieldWithDefault } from '../schema/field-with-default.js';

/** As long as days are kept. */
const MAX_DAYS = 400;
const DEFAULT_DAYS = 30;

@ObjectType({ description: 'How many attempts to register came to the same end.' })
export class RegistrationResultCount {
  @Field({
    description:
      'created: a client was made; reused: there was one already that others share; else the code of the error, such as invalid_redirect_uri.',
  })
  result!: string;

  @Field(() => Int, { description: 'How many they are.' })
  count!: number;
}

@ObjectType({ description: 'What became of attempts to register on a day.' })
export class RegistrationDay {
  @Field({ description: 'A day of UTC as YYYY-MM-DD.' })
  date!: string;

  @Field(() => [RegistrationResultCount], { description: 'By their ends, of which there were any.' })
  results!: RegistrationResultCount[];
}

@ArgsType()
export class RegistrationsPerDayArgs {
  @IsInt()
  @Min(1, { message: 'must be at least 1' })
  @Max(MAX_DAYS, { message: `must be at most ${MAX_DAYS}` })
  @FieldWithDefault(() => Int, {
    defaultValue: DEFAULT_DAYS,
    description: `How many days, 1 to ${MAX_DAYS}.`,
  })
  days!: number;
}
