import type { ConsentRequest } from '../../../authorization/consent/consent.service.js';
import type { ConsentView } from './consent.dto.js';

export const toConsent = ({
  client,
  redirectUri,
  resources,
  scopes,
  prompt,
  maxAge,
}: ConsentRequest): ConsentView => ({
  client_id: client.id,
  name: client.name,
  logo_uri: client.logoUri,
  policy_uri: client.policyUri,
  tos_uri: client.tosUri,
  redirect_uri: redirectUri,
  resources: resources.map(({ identifier, name }) => ({ identifier, name: name ?? identifier })),
  requested_scopes: scopes.map(({ name, title, description }) => ({
    id: name,
    name: title ?? name,
    description,
  })),
  verified: client.verified,
  prompt: [...prompt],
  max_age: maxAge,
});
