import { toConsent } from '../../../../src/api/rest/consent/consent.mapper.js';
import type { ConsentRequest } from '../../../../src/authorization/consent/consent.service.js';
import type { Client } from '../../../../src/clients/client/client.js';

const client = { id: 'one', name: 'One', logoUri: null, policyUri: null, tosUri: null, verified: false };

const REQUEST: ConsentRequest = {
  client: client as Client,
  redirectUri: 'https://one.example/callback',
  resources: [],
  scopes: [],
  prompt: [],
  maxAge: null,
  isGranted: false,
};

/** Another value for each member that a portal has to show or do something about. That a page can be skipped is no such. */
const OTHERS: Omit<ConsentRequest, 'isGranted'> = {
  client: { ...client, verified: true } as Client,
  redirectUri: 'https://two.example/callback',
  resources: [{ identifier: 'https://api.example', name: null }],
  scopes: [{ name: 'read', title: null, description: null, restricted: false }],
  prompt: ['login'],
  maxAge: 60,
};

it.each(Object.entries(OTHERS))(
  'A portal is told what the consent page knows of a request: %s',
  (name, value) => {
    expect(toConsent({ ...REQUEST, [name]: value as unknown })).not.toEqual(toConsent(REQUEST));
  },
);
