import { type CanActivate, type ExecutionContext, Injectable, SetMetadata, UseGuards } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { RegistryError } from '../../errors/registry-error.js';

const SUPPORTED = 'queryParameters';

/** The query parameters that an operation has; without it, none. */
export const QueryParameters = (...names: string[]) => SetMetadata(SUPPORTED, names);

/** For an operation whose handler checks the names of its parameters together with their values. */
export const ChecksQueryParameters = () => SetMetadata(SUPPORTED, null);

@Injectable()
class KnownQueryParameters implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const supported = this.reflector.get<string[] | null | undefined>(SUPPORTED, context.getHandler());
    if (supported === null) return true;
    const { query } = context.switchToHttp().getRequest<FastifyRequest>();
    rejectUnknownParameters(Object.keys(query as object), supported);
    return true;
  }
}

/**
 * Rejects query parameters that an operation does not have: one that was misspelled would be ignored.
 * Endpoints of OAuth that must ignore them (RFC 6749 §3.1, §3.2) do without.
 */
export const RejectsUnknownParameters = () => UseGuards(KnownQueryParameters);

/** @throws RegistryError `invalid_request` that names the unknown ones */
function rejectUnknownParameters(names: readonly string[], supported: readonly string[] = []): void {
  const unknown = names.filter((name) => !supported.includes(name));
  if (unknown.length === 0) return;
  throw new RegistryError(
    'invalid_request',
    supported.length === 0
      ? 'Unknown query parameters. The operation supports none.'
      : `Unknown query parameters. Supported: ${supported.join(', ')}.`,
    { invalidFields: Object.fromEntries(unknown.map((name) => [name, ['is not supported; omit it']])) },
  );
}
