import { type Client, type IssuedSecret, ownNameOf } from '../../../clients/client/client.js';
import type { StatementReading } from '../../../clients/software-statements/software-statements.service.js';
import type { Submission } from '../../../clients/client/client-request.js';
import { isTranslation } from '../../../policy/metadata/metadata-members.js';
import type { ClientProfile } from '../../../policy/client.js';
import { REGISTERED_NAMES } from '../../../policy/rules.js';
import { splitScope } from '../../../policy/scope.js';
import type { Shaped } from '../../../http/requests/shape.js';
import type { ExtendedRegistrationRequest, RegistrationResponse } from './registration.dto.js';

export function toSubmission(
  { body, faults }: Shaped<ExtendedRegistrationRequest>,
  { statement, fault }: Pick<StatementReading, 'statement' | 'fault'> = {},
): Submission {
  const { translations, faults: translationFaults } = readTranslations(body);
  return {
    draft: {
      name: body.client_name,
      tokenEndpointAuthMethod: body.token_endpoint_auth_method,
      grantTypes: body.grant_types,
      // An empty scope counts as none: widespread clients send one (RFC 7591 §2 has no meaning for it)
      scopes: body.scope === undefined ? undefined : splitScope(body.scope),
      redirectUris: body.redirect_uris,
      logoUri: body.logo_uri,
      policyUri: body.policy_uri,
      tosUri: body.tos_uri,
      clientUri: body.client_uri,
      contacts: body.contacts,
      jwksUri: body.jwks_uri,
      jwks: body.jwks,
      tokenEndpointAuthSigningAlg: body.token_endpoint_auth_signing_alg,
      softwareId: body.software_id,
      softwareVersion: body.software_version,
      softwareStatement: statement,
      applicationType: body.application_type,
      translations,
    },
    faults: {
      ...faults,
      ...translationFaults,
      ...(fault && { [REGISTERED_NAMES.softwareStatement]: [fault.fault] }),
    },
    names: REGISTERED_NAMES,
    refusalCode: (invalid) => {
      if (fault) return fault.code;
      const isAboutRedirects = Object.hasOwn(invalid, REGISTERED_NAMES.redirectUris);
      return isAboutRedirects ? 'invalid_redirect_uri' : 'invalid_client_metadata';
    },
  };
}

/** Members such as `client_name#ja`, whose names no class can list (RFC 7591 §2.2). */
function readTranslations(body: object) {
  const members = Object.entries(body).filter(([member]) => isTranslation(member));
  return {
    translations: Object.fromEntries(members.filter(([, value]) => typeof value === 'string')) as Record<
      string,
      string
    >,
    faults: Object.fromEntries(
      members
        .filter(([, value]) => typeof value !== 'string')
        .map(([member]) => [member, ['must be a string']]),
    ),
  };
}

/** By what software manages its registration (RFC 7592 §3). */
export type Management = Required<
  Pick<RegistrationResponse, 'registration_access_token' | 'registration_client_uri'>
>;

/** A registration reply without what only a stored client has. */
export type RegisteredMetadata = Omit<RegistrationResponse, 'client_id' | 'client_id_issued_at'>;

const toSeconds = (date: Date) => Math.floor(date.getTime() / 1000);

/** RFC 7591 §3.2.1: all that is granted, and nothing that is not there. */
export function toResponse(
  client: Client,
  secret: IssuedSecret | null,
  management: Management | null,
): RegistrationResponse {
  return {
    client_id: client.id,
    client_id_issued_at: toSeconds(client.createdAt),
    ...(secret && {
      client_secret: secret.value,
      client_secret_expires_at: secret.expiresAt ? toSeconds(secret.expiresAt) : 0,
    }),
    ...management,
    ...toMetadata({ ...client, name: ownNameOf(client) }),
  };
}

/** What is granted, without what only a stored client has. */
export function toMetadata(profile: ClientProfile): RegisteredMetadata {
  const { metadata } = profile;
  return {
    redirect_uris: profile.redirectUris,
    client_name: profile.name ?? undefined,
    grant_types: profile.grantTypes,
    response_types: profile.grantTypes.includes('authorization_code') ? ['code'] : [],
    scope: profile.scopes.length > 0 ? profile.scopes.join(' ') : undefined,
    token_endpoint_auth_method: profile.tokenEndpointAuthMethod,
    logo_uri: profile.logoUri ?? undefined,
    tos_uri: profile.tosUri ?? undefined,
    policy_uri: profile.policyUri ?? undefined,
    client_uri: metadata.clientUri,
    contacts: metadata.contacts,
    jwks_uri: metadata.jwksUri,
    jwks: metadata.jwks,
    token_endpoint_auth_signing_alg: metadata.tokenEndpointAuthSigningAlg,
    software_id: metadata.softwareId,
    software_version: metadata.softwareVersion,
    software_statement: metadata.softwareStatement,
    application_type: metadata.applicationType,
    ...metadata.translations,
  };
}
