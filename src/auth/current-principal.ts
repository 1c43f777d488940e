import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { Caller } from './authenticator.js';

/** The caller of a REST handler, as the guard found it: null only where access is `optional` or `public`. */
export const CurrentPrincipal = createParamDecorator(
  (_: unknown, context: ExecutionContext) => context.switchToHttp().getRequest<Caller>().principal ?? null,
);
