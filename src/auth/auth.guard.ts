import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { Access } from './principal/access.js';
import { Authenticator } from './authenticator.js';
import { requestOf } from './principal/request-context.js';

/** Authenticates the caller before every handler of every interface. */
@Injectable()
export class AuthGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly authenticator: Authenticator,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const level =
      this.reflector.getAllAndOverride(Access, [context.getHandler(), context.getClass()]) ?? 'admin';
    const channel = context.getType<'graphql' | 'http'>() === 'graphql' ? 'graphql' : 'rest';
    await this.authenticator.authenticate(requestOf(context), level, channel);
    return true;
  }
}
