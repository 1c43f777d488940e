/** The IANA registries of "OAuth Parameters": names that clients send, and that mean nothing here. https://www.iana.org/assignments/oauth-parameters */

/** The registry "OAuth Parameters": what authorization and token requests and their responses are made of. */
const OAUTH_PARAMETERS = [
  // RFC 6749, 7521, 7636
  'client_id client_secret response_type redirect_uri scope state code error error_description error_uri',
  'grant_type access_token token_type expires_in username password refresh_token assertion',
  'client_assertion client_assertion_type code_verifier code_challenge code_challenge_method',
  // OpenID Connect, response modes, JARM
  'nonce display prompt max_age ui_locales claims_locales id_token_hint login_hint acr_values claims',
  'registration request request_uri id_token session_state response_mode response vtr trust_chain',
  // User-Managed Access
  'claim_token pct rpt ticket upgraded',
  // RFC 8628, 8693, 8707
  'device_code resource audience requested_token_type subject_token subject_token_type actor_token',
  'actor_token_type issued_token_type',
  // RFC 9101, 9207
  'iss sub aud exp nbf iat jti',
  // RFC 9200, 9201, 9203, 9594
  'ace_profile req_cnf rs_cnf cnf nonce1 nonce2 ace_client_recipientid ace_server_recipientid sign_info',
  'kdcchallenge',
  // RFC 9396, 9449
  'authorization_details dpop_jkt',
  // OpenID for Verifiable Presentations and Credential Issuance
  'presentation_definition presentation_definition_uri presentation_submission dcql_query client_metadata',
  'client_metadata_uri client_id_scheme vp_token response_uri request_uri_method transaction_data',
  'verifier_info verifier_attestations wallet_nonce wallet_issuer user_hint issuer_state',
  // ETSI NFV-SEC 022
  'nfv_token',
];

/** The registry "OAuth Authorization Server Metadata": what a server publishes of itself. */
const AUTHORIZATION_SERVER_METADATA = [
  // RFC 8414
  'issuer authorization_endpoint token_endpoint jwks_uri registration_endpoint scopes_supported',
  'response_types_supported response_modes_supported grant_types_supported',
  'token_endpoint_auth_methods_supported token_endpoint_auth_signing_alg_values_supported',
  'service_documentation ui_locales_supported op_policy_uri op_tos_uri revocation_endpoint',
  'revocation_endpoint_auth_methods_supported revocation_endpoint_auth_signing_alg_values_supported',
  'introspection_endpoint introspection_endpoint_auth_methods_supported',
  'introspection_endpoint_auth_signing_alg_values_supported code_challenge_methods_supported',
  'signed_metadata',
  // RFC 8628, 8705, 9101, 9126, 9207, 9396, 9449, 9701, 9728
  'device_authorization_endpoint tls_client_certificate_bound_access_tokens mtls_endpoint_aliases',
  'require_signed_request_object pushed_authorization_request_endpoint',
  'require_pushed_authorization_requests authorization_response_iss_parameter_supported',
  'authorization_details_types_supported dpop_signing_alg_values_supported',
  'introspection_signing_alg_values_supported introspection_encryption_alg_values_supported',
  'introspection_encryption_enc_values_supported protected_resources client_id_metadata_document_supported',
  // OpenID Connect Discovery
  'userinfo_endpoint acr_values_supported subject_types_supported id_token_signing_alg_values_supported',
  'id_token_encryption_alg_values_supported id_token_encryption_enc_values_supported',
  'userinfo_signing_alg_values_supported userinfo_encryption_alg_values_supported',
  'userinfo_encryption_enc_values_supported request_object_signing_alg_values_supported',
  'request_object_encryption_alg_values_supported request_object_encryption_enc_values_supported',
  'display_values_supported claim_types_supported claims_supported claims_locales_supported',
  'claims_parameter_supported request_parameter_supported request_uri_parameter_supported',
  'require_request_uri_registration',
  // OpenID Connect session management and logout, CIBA, JARM
  'check_session_iframe end_session_endpoint frontchannel_logout_supported',
  'frontchannel_logout_session_supported backchannel_logout_supported backchannel_logout_session_supported',
  'backchannel_token_delivery_modes_supported backchannel_authentication_endpoint',
  'backchannel_authentication_request_signing_alg_values_supported',
  'backchannel_user_code_parameter_supported authorization_signing_alg_values_supported',
  'authorization_encryption_alg_values_supported authorization_encryption_enc_values_supported',
  // OpenID Federation, identity assurance, verifiable credentials and presentations
  'client_registration_types_supported federation_registration_endpoint',
  'request_authentication_methods_supported request_authentication_signing_alg_values_supported',
  'verified_claims_supported trust_frameworks_supported evidence_supported documents_supported',
  'documents_methods_supported documents_check_methods_supported electronic_records_supported',
  'claims_in_verified_claims_supported attachments_supported digest_algorithms_supported',
  'vp_formats_supported client_id_prefixes_supported pre-authorized_grant_anonymous_access_supported',
  'prompt_values_supported native_sso_supported',
  // ETSI NFV-SEC 022
  'nfv_token_signing_alg_values_supported nfv_token_encryption_alg_values_supported',
  'nfv_token_encryption_enc_values_supported',
];

/** The registry "OAuth Dynamic Client Registration Metadata": what means nothing here, since another protocol reads it. */
const CLIENT_METADATA = [
  // OpenID Connect Dynamic Client Registration and Logout
  'sector_identifier_uri subject_type id_token_signed_response_alg id_token_encrypted_response_alg',
  'id_token_encrypted_response_enc userinfo_signed_response_alg userinfo_encrypted_response_alg',
  'userinfo_encrypted_response_enc request_object_signing_alg request_object_encryption_alg',
  'request_object_encryption_enc default_max_age require_auth_time default_acr_values request_uris',
  'frontchannel_logout_uri frontchannel_logout_session_required backchannel_logout_uri',
  'backchannel_logout_session_required',
  // OpenID Connect CIBA, OpenID Federation, verifiable presentations
  'backchannel_token_delivery_mode backchannel_client_notification_endpoint',
  'backchannel_authentication_request_signing_alg backchannel_user_code_parameter',
  'client_registration_types signed_jwks_uri organization_name organization_uri display_name description',
  'keywords information_uri vp_formats',
  // User-Managed Access
  'claims_redirect_uris',
  // JARM, RFC 8705, RFC 9101, RFC 9126, RFC 9396, RFC 9449, RFC 9701
  'authorization_signed_response_alg authorization_encrypted_response_alg',
  'authorization_encrypted_response_enc response_modes tls_client_auth_subject_dn tls_client_auth_san_dns',
  'tls_client_auth_san_uri tls_client_auth_san_ip tls_client_auth_san_email',
  'tls_client_certificate_bound_access_tokens use_mtls_endpoint_aliases require_signed_request_object',
  'require_pushed_authorization_requests authorization_details_types dpop_bound_access_tokens',
  'introspection_signed_response_alg introspection_encrypted_response_alg',
  'introspection_encrypted_response_enc',
  // ETSI NFV-SEC 022
  'nfv_token_signed_response_alg nfv_token_encrypted_response_alg nfv_token_encrypted_response_enc',
];

const namesIn = (rows: readonly string[]) => rows.flatMap((row) => row.split(' '));

export const OTHER_CLIENT_METADATA: readonly string[] = namesIn(CLIENT_METADATA);

/** Registered for another purpose than client metadata. */
export const REGISTERED_ELSEWHERE: ReadonlySet<string> = new Set(
  namesIn([...OAUTH_PARAMETERS, ...AUTHORIZATION_SERVER_METADATA]),
);
