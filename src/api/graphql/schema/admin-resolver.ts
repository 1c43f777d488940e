import { applyDecorators, UsePipes } from '@nestjs/common';
import { Resolver, type ResolverTypeFn } from '@nestjs/graphql';
import { Access } from '../../../auth/principal/access.js';
import { ArgumentsPipe } from './arguments.pipe.js';

/** A resolver that requires the admin role and validates arguments. */
export const AdminResolver = (of?: ResolverTypeFn) =>
  applyDecorators(of ? Resolver(of) : Resolver(), Access('admin'), UsePipes(ArgumentsPipe));
