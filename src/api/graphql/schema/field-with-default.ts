import { applyDecorators } from '@nestjs/common';
import { Field, type FieldOptions, type ReturnTypeFunc } from '@nestjs/graphql';
import { Transform } from 'class-transformer';

/**
 * A field of an input that has a default, which null stands for as well: programs send null for a variable that has no
 * value. {@link ArgumentsPipe} puts the default in its place.
 */
export function FieldWithDefault(
  type: ReturnTypeFunc,
  options: FieldOptions & { defaultValue: unknown },
): PropertyDecorator {
  return applyDecorators(
    Field(type, { ...options, nullable: true }),
    Transform(({ value }: { value: unknown }): unknown => value ?? options.defaultValue),
  );
}
