import {
  countsAsAbsent,
  isTranslation,
  METADATA_PROFILES,
  classifyMember,
} from '../../../src/policy/metadata-members.js';

const treatments = (member: string) => METADATA_PROFILES.map((profile) => classifyMember(member, profile));

describe('Under the profiles strict, registered and lenient', () => {
  it('no others exist', () => {
    expect(METADATA_PROFILES).toEqual(['strict', 'registered', 'lenient']);
  });

  it.each([
    'redirect_uris',
    'client_name',
    'grant_types',
    'response_types',
    'scope',
    'token_endpoint_auth_method',
    'logo_uri',
    'tos_uri',
    'policy_uri',
  ])('a member of the contract is always read: %s', (member) => {
    expect(treatments(member)).toEqual(['accepted', 'accepted', 'accepted']);
  });

  it.each([
    'client_uri',
    'contacts',
    'jwks_uri',
    'jwks',
    'software_id',
    'software_version',
    'application_type',
    'token_endpoint_auth_signing_alg',
    'initiate_login_uri',
    'post_logout_redirect_uris',
    'client_name#ja',
    'client_name#ja-Hani-JP',
    'policy_uri#DE-ch-1996',
  ])('a registered member that means something here is read beyond strict: %s', (member) => {
    expect(treatments(member)).toEqual(['rejected', 'accepted', 'accepted']);
  });

  it.each([
    // Only the server may set these (RFC 7591 §3.2.1, RFC 7592 §3)
    'client_id',
    'client_secret',
    'client_id_issued_at',
    'client_secret_expires_at',
    'registration_access_token',
    'registration_client_uri',
    // RFC 7591 §2.3
    'software_statement',
    // OpenID Connect registration §2 and logout
    'sector_identifier_uri',
    'subject_type',
    'id_token_signed_response_alg',
    'id_token_encrypted_response_alg',
    'id_token_encrypted_response_enc',
    'userinfo_signed_response_alg',
    'userinfo_encrypted_response_alg',
    'userinfo_encrypted_response_enc',
    'request_object_signing_alg',
    'request_object_encryption_alg',
    'request_object_encryption_enc',
    'default_max_age',
    'require_auth_time',
    'default_acr_values',
    'request_uris',
    'frontchannel_logout_uri',
    'frontchannel_logout_session_required',
    'backchannel_logout_uri',
    'backchannel_logout_session_required',
    // RFC 8705, 9101, 9126, 9396, 9449
    'tls_client_auth_subject_dn',
    'tls_client_certificate_bound_access_tokens',
    'require_signed_request_object',
    'require_pushed_authorization_requests',
    'authorization_details_types',
    'dpop_bound_access_tokens',
  ])('a registered member that means nothing here is ignored beyond strict: %s', (member) => {
    expect(treatments(member)).toEqual(['rejected', 'ignored', 'ignored']);
  });

  it.each([
    // OAuth Parameters
    'response_type',
    'redirect_uri',
    'resource',
    'audience',
    'code_challenge',
    'code_challenge_method',
    'authorization_details',
    // OAuth Authorization Server Metadata
    'issuer',
    'token_endpoint',
    'scopes_supported',
    'token_endpoint_auth_methods_supported',
    'code_challenge_methods_supported',
    'pre-authorized_grant_anonymous_access_supported',
  ])('a member of another OAuth registry is ignored beyond strict: %s', (member) => {
    expect(treatments(member)).toEqual(['rejected', 'ignored', 'ignored']);
  });

  it.each([
    ['scope', null, [false, true, true]],
    ['scope', '', [false, false, false]],
    ['client_name', null, [false, false, false]],
  ])('%s: %j counts as left out: %j', (member, value, expected) => {
    expect(METADATA_PROFILES.map((profile) => countsAsAbsent(member, value, profile))).toEqual(expected);
  });

  it.each([
    'org_id',
    'user_id',
    'verified',
    'require_pkce',
    'Client_Name',
    'client_name ',
    'client_name#',
    'client_name##ja',
    'client_name#ja#en',
    'client_name#ja_JP',
    'client_name#-ja',
    'client_name#ja-',
    'client_name#toolonglanguage',
    'redirect_uris#ja',
    'scope#ja',
    'jwks_uri#ja',
    '#ja',
    '',
    'constructor',
    'toString',
    '__proto__',
  ])('an unregistered member is rejected, or ignored by lenient: %j', (member) => {
    expect(treatments(member)).toEqual(['rejected', 'rejected', 'ignored']);
  });
});

it.each([
  ['client_name#ja', true],
  ['client_uri#en', true],
  ['logo_uri#fr-CA', true],
  ['tos_uri#zh-Hant', true],
  ['policy_uri#es-419', true],
  ['client_name', false],
  ['software_id#ja', false],
])('A translation is a member that people read, with a language: %s %s', (member, expected) => {
  expect(isTranslation(member)).toBe(expected);
});
