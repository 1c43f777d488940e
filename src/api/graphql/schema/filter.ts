import { applyDecorators } from '@nestjs/common';
import { Field, type ReturnTypeFunc } from '@nestjs/graphql';
import { Type } from 'class-transformer';
import { IsOptional, Matches, ValidateNested, type ValidationOptions } from 'class-validator';

/** A filter condition: 1 to 255 characters. PostgreSQL rejects NUL in text. */
export const SearchField = (type: ReturnTypeFunc, description: string, options?: ValidationOptions) =>
  applyDecorators(
    IsOptional(),
    Matches(/^[^\0]{1,255}$/su, { message: 'must be 1 to 255 characters long without NUL', ...options }),
    Field(type, { nullable: true, description }),
  );

/** The filter argument of a list. */
export const FilterField = (type: () => new () => object, description: string) =>
  applyDecorators(IsOptional(), ValidateNested(), Type(type), Field(type, { nullable: true, description }));

/** Drops conditions that are null, which means the same as omitted. */
export function toFilter<F extends object>(filter: F | null | undefined): F {
  return Object.fromEntries(
    Object.entries(filter ?? {}).filter(([, value]) => value !== null && value !== undefined),
  ) as F;
}
