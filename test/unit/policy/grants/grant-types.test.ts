import {
  isGrantType,
  isRegisteredGrantType,
  offeredGrants,
} from '../../../../src/policy/grants/grant-types.js';

it.each([
  ['authorization_code', 'offered'],
  ['client_credentials', 'offered'],
  ['refresh_token', 'offered'],
  ['implicit', 'registered'],
  ['password', 'registered'],
  ['urn:ietf:params:oauth:grant-type:device_code', 'registered'],
  ['urn:ietf:params:oauth:grant-type:jwt-bearer', 'registered'],
  ['urn:ietf:params:oauth:grant-type:pre-authorized_code', 'registered'],
  ['urn:ietf:params:oauth:grant-type:', 'unknown'],
  ['urn:ietf:params:oauth:grant-type:x y', 'unknown'],
  ['urn:ietf:params:oauth:grant-type:x\n', 'unknown'],
  ['urn:ietf:params:oauth:token-type:jwt', 'unknown'],
  ['xurn:ietf:params:oauth:grant-type:x', 'unknown'],
  ['Authorization_Code', 'unknown'],
  [' password', 'unknown'],
  ['authorization_code ', 'unknown'],
  ['constructor', 'unknown'],
  ['', 'unknown'],
])('The grant type %j is %s', (grant, kind) => {
  expect({ offered: isGrantType(grant), registered: isRegisteredGrantType(grant) }).toEqual({
    offered: kind === 'offered',
    registered: kind !== 'unknown',
  });
});

it.each([
  ['those not offered here are dropped', ['implicit', 'client_credentials', 'x'], ['client_credentials']],
  [
    'the first of two alike is kept',
    ['refresh_token', 'authorization_code', 'refresh_token'],
    ['refresh_token', 'authorization_code'],
  ],
  ['none are left where none is offered', ['password'], []],
])('Of the grants that were asked for, %s', (_, asked, granted) => {
  expect(offeredGrants(asked)).toEqual(granted);
});
