import { applyDecorators, UsePipes } from '@nestjs/common';
import { Resolver, type ResolverTypeFn } from '@nestjs/graphql';
import { ArgumentsPipe } from './arguments.pipe.js';

/** A resolver that validates arguments. The guard requires the viewer role for queries and the admin role for mutations. */
export const AdminResolver = (of?: ResolverTypeFn) =>
  applyDecorators(of ? Resolver(of) : Resolver(), UsePipes(ArgumentsPipe));
