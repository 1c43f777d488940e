import { applyDecorators, UsePipes } from '@nestjs/common';
import { Resolver, type ResolverTypeFn } from '@nestjs/graphql';
import { Access } from '../../../auth/principal/access.js';
import { ArgumentsPipe } from './arguments.pipe.js';

/** A resolver for admins alone, whose arguments are checked. */
export const AdminResolver = (of?: ResolverTypeFn) =>
  applyDecorators(of ? Resolver(of) : Resolver(), Access('admin'), UsePipes(ArgumentsPipe));
