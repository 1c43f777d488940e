import { Provider } from 'oidc-provider';
import MemoryAdapter from 'oidc-provider/lib/adapters/memory_adapter.js';
import {
  authenticateByRegistry,
  REGISTRY_METADATA,
  reportUse,
  requiresPkce,
  withRegistry,
} from './registry.js';

const { ISSUER = 'http://127.0.0.1:4000', REGISTRY_URL = 'http://127.0.0.1:3000', SERVICE_KEY } = process.env;
const registry = { url: REGISTRY_URL, apiKey: SERVICE_KEY };

const provider = new Provider(ISSUER, {
  // Replace MemoryAdapter by yours
  adapter: withRegistry(registry, MemoryAdapter),
  clientAuthMethods: ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'],
  features: { clientCredentials: { enabled: true } },
  extraClientMetadata: { properties: REGISTRY_METADATA },
  pkce: { required: requiresPkce },
  // Anyone can register a client whose key URL answers without end
  fetchResponseBodyLimits: { jwks_uri: 65_536, sector_identifier_uri: 65_536 },
  // Every scope that a client of the registry may have: oidc-provider rejects clients with others
  scopes: ['openid', 'offline_access', 'invoices', 'invoices:read'],
});
authenticateByRegistry(provider, registry);
reportUse(provider, registry);

const { hostname, port } = new URL(ISSUER);
provider.listen(Number(port), hostname, () => console.log(`Listening on ${ISSUER}`));
