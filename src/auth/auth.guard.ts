import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { Access } from './access.js';
import { Authenticator, type Caller } from './authenticator.js';

/** Stands before every handler of every door. */
@Injectable()
export class AuthGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly authenticator: Authenticator,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const level =
      this.reflector.getAllAndOverride(Access, [context.getHandler(), context.getClass()]) ?? 'admin';
    await this.authenticator.admit(callerOf(context), level);
    return true;
  }
}

function callerOf(context: ExecutionContext): Caller {
  // Resolvers get (parent, args, context, info), and the context carries the request
  return context.getType<'graphql' | 'http'>() === 'graphql'
    ? context.getArgByIndex<{ request: Caller }>(2).request
    : context.switchToHttp().getRequest<Caller>();
}
