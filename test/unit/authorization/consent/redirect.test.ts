import { UntrustedRedirect } from '../../../../src/authorization/consent/redirect.js';

it.each([
  ['https://app.example/cb?error=invalid_scope&error_description=None&state=x', 'invalid_scope: None'],
  ['https://app.example/cb?error_description=Call+me&error=request_not_supported', 'request_not_supported'],
  ['https://app.example/cb?error=x&error_description=Call+me&error=invalid_scope&iss=i', 'invalid_scope'],
])('An error page has no text that the client put into its redirect URI: %s', (location, text) => {
  expect(new UntrustedRedirect(location).message).toBe(
    `The request of the application was rejected: ${text}`,
  );
});
