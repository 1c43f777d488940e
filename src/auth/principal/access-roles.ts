import { Reflector } from '@nestjs/core';
import type { Role } from './principal.js';

/** The roles that each access level authorizes. */
const ROLES_OF = {
  /** Anyone; credentials are not looked at. */
  public: null,
  /** Anyone without credentials, too; the handler validates an initial access token. */
  optional: ['member', 'admin'],
  member: ['member', 'admin'],
  /** One client by its id: a service finds those of any organization. */
  'client-lookup': ['member', 'service', 'admin'],
  /** What a token stands for; the role decides whose tokens. */
  introspection: ['member', 'service', 'admin'],
  viewer: ['viewer', 'admin'],
  service: ['service', 'admin'],
  admin: ['admin'],
  /** The endpoint as a whole, before a query is parsed: any role that one of its fields authorizes. */
  graphql: ['viewer', 'service', 'admin'],
} as const satisfies Record<string, readonly Role[] | null>;

/** The roles that may call a handler. */
export type AccessLevel = keyof typeof ROLES_OF;

/** The levels that are for some roles. */
export type RoleLevel = Exclude<AccessLevel, 'public'>;

/**
 * Sets the access level of a handler or a class of handlers. Without it, a GraphQL query is for `viewer`, and anything else for
 * `admin`.
 */
export const Access = Reflector.createDecorator<AccessLevel>();

/** Whether the access level authorizes the role. */
export const isAllowed = (role: Role, level: RoleLevel): boolean =>
  (ROLES_OF[level] as readonly Role[]).includes(role);

const LIST = new Intl.ListFormat('en', { type: 'disjunction' });

/** Names the roles of a level: `service or admin`. */
export const rolesText = (level: RoleLevel): string => LIST.format(ROLES_OF[level]);
