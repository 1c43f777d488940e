import { textsOf, withAdded } from '../../../../src/authorization/grants/grant.js';

const ALL = 'read write delete'.split(' ');

it('A grant keeps what the client can still get, and gets what is added', () => {
  const before = { one: ['read', 'lost'], two: ['write'], gone: ['read'], none: [] };
  const grantable = (resource: string) => (resource === 'gone' ? null : ALL);
  expect(withAdded(before, { two: ['read', 'write'], three: [] }, grantable)).toEqual({
    one: ['read'],
    none: [],
    two: ['write', 'read'],
    three: [],
  });
});

it('A grant has at most 256 KiB of scopes: resources that were granted first are left out', () => {
  const scopes = Array.from({ length: 100 }, (_, i) => `${i}-`.padEnd(128, 'x'));
  let granted = {};
  for (let i = 0; i < 40; i++)
    granted = withAdded(granted, { [`https://${i}.example`]: scopes }, () => scopes);
  granted = withAdded(granted, { 'https://30.example': scopes }, () => scopes);
  const resources = Object.keys(granted);
  expect(resources.slice(-3)).toEqual(['https://38.example', 'https://39.example', 'https://30.example']);
  expect(resources).toHaveLength(19);
  expect(Buffer.byteLength(JSON.stringify(granted))).toBeLessThan(256 * 1024);
});

it('Granted scopes are listed with their resource', () => {
  expect(textsOf({ one: ['read', 'write'], two: [] })).toEqual(['one read', 'one write', 'two']);
});
