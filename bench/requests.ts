import { API_KEY } from './server.js';

export const JSON_BODY = { 'content-type': 'application/json' };
export const FORM_BODY = { 'content-type': 'application/x-www-form-urlencoded' };
export const AS_ADMIN = { authorization: `Bearer ${API_KEY}` };

/** As MCP clients send it. */
export const REGISTRATION = {
  client_name: 'My MCP client',
  redirect_uris: ['https://example.com/callback'],
  grant_types: ['authorization_code'],
  response_types: ['code'],
  token_endpoint_auth_method: 'client_secret_basic',
  scope: 'read write',
};

export const CLIENT = {
  name: 'My OAuth client',
  client_type: 'confidential',
  allowed_grant_types: ['client_credentials'],
  allowed_scopes: ['read', 'write'],
};
