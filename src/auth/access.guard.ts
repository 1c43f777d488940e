import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { type GraphQLResolveInfo, OperationTypeNode } from 'graphql';
import { Access, type AccessLevel } from './principal/access-roles.js';
import { Authenticator } from './authenticator.js';
import { requestOf } from './principal/request-context.js';

/** Authenticates the caller before every handler of every interface. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly authenticator: Authenticator,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const level =
      this.reflector.getAllAndOverride(Access, [context.getHandler(), context.getClass()]) ??
      defaultLevel(context);
    const channel = isGraphQL(context) ? 'graphql' : 'rest';
    await this.authenticator.authenticate(requestOf(context), level, channel);
    return true;
  }
}

const isGraphQL = (context: ExecutionContext) => context.getType<'graphql' | 'http'>() === 'graphql';

/** A query changes nothing. The fields below it run without the guard, and are as open as it is. */
function defaultLevel(context: ExecutionContext): AccessLevel {
  if (!isGraphQL(context)) return 'admin';
  const { operation } = context.getArgByIndex<GraphQLResolveInfo>(3);
  return operation.operation === OperationTypeNode.QUERY ? 'viewer' : 'admin';
}
