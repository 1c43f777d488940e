import { applyDecorators } from '@nestjs/common';
import { Field, type ReturnTypeFunc } from '@nestjs/graphql';
import { Type } from 'class-transformer';
import { IsOptional, Matches, ValidateNested, type ValidationOptions } from 'class-validator';

/** A condition of a filter: 1 to 255 characters that a database can search for. PostgreSQL knows no NUL in a text. */
export const SearchField = (type: ReturnTypeFunc, description: string, options?: ValidationOptions) =>
  applyDecorators(
    IsOptional(),
    Matches(/^[^\0]{1,255}$/su, { message: 'must be 1 to 255 characters long, without NUL', ...options }),
    Field(type, { nullable: true, description }),
  );

/** The argument of a list for its filter. */
export const FilterField = (type: () => new () => object, description: string) =>
  applyDecorators(IsOptional(), ValidateNested(), Type(type), Field(type, { nullable: true, description }));

/** GraphQL says null for what is left out as well as for what is not there. */
export function toFilter<F extends object>(filter: F | null | undefined): F {
  return Object.fromEntries(
    Object.entries(filter ?? {}).filter(([, value]) => value !== null && value !== undefined),
  ) as F;
}
