import { applyDecorators } from '@nestjs/common';
import { Field, type FieldOptions, type ReturnTypeFunc } from '@nestjs/graphql';
import { Transform } from 'class-transformer';

/** A field with a default that also replaces null: programs send null for a variable without a value. */
export function FieldWithDefault(
  type: ReturnTypeFunc,
  options: FieldOptions & { defaultValue: unknown },
): PropertyDecorator {
  return applyDecorators(
    Field(type, { ...options, nullable: true }),
    Transform(({ value }: { value: unknown }): unknown => value ?? options.defaultValue),
  );
}
