import { Reflector } from '@nestjs/core';

/**
 * Who may come in:
 * - `public`: anyone; credentials are not looked at
 * - `optional`: anyone; credentials that were sent must be good, but an initial access token is the handler's to judge
 * - `member`: anyone with good credentials
 * - `admin`: admins
 */
export type AccessLevel = 'public' | 'optional' | 'member' | 'admin';

/** Opens a route or a class of routes. A route without it is for admins. */
export const Access = Reflector.createDecorator<AccessLevel>();
