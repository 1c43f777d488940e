import { hasClaim } from '../../../../src/auth/jwt/jwt-claims.js';

describe('a claim gives a role', () => {
  it.each<[claim: string, value: string, Record<string, unknown>, Record<string, unknown>]>([
    ['role', 'admin', { role: 'admin' }, { role: 'admin user' }],
    ['roles', 'admin', { roles: ['a', 'admin'] }, { roles: ['administrator'] }],
    ['scope', 'registry:admin', { scope: 'openid registry:admin' }, { scope: 'registry:admin2' }],
    ['scp', 'registry.admin', { scp: 'registry.read registry.admin' }, { scp: '' }],
    ['realm_access.roles', 'admin', { realm_access: { roles: ['admin'] } }, { realm_access: 'admin' }],
    [
      'https://acme.example/roles',
      'admin',
      { 'https://acme.example/roles': ['admin'] },
      { roles: ['admin'] },
    ],
    ['registry_admin', 'true', { registry_admin: true }, { registry_admin: false }],
    ['constructor.name', 'Object', { constructor: { name: 'Object' } }, {}],
  ])('%s=%s: %j, but not %j', (claim, value, claims, others) => {
    expect(hasClaim(claims, { claim, value })).toBe(true);
    expect(hasClaim(others, { claim, value })).toBe(false);
  });
});
