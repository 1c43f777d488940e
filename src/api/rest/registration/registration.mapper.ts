import { type Client, type IssuedSecret, ownNameOf } from '../../../clients/client/client.js';
import type { StatementReading } from '../../../clients/software-statements/software-statements.service.js';
import type { ClientRequest } from '../../../clients/client/client-request.js';
import { isTranslation } from '../../../policy/metadata-members.js';
import { type ClientMetadata, readFields, showFields } from '../../../policy/client.js';
import { FIELD_NAMES } from '../../../policy/fields.js';
import { splitScope } from '../../../policy/grants/scope.js';
import type { FieldFaults } from '../../../errors/registry-error.js';
import type { Shaped } from '../../../http/requests/shape.js';
import type { ExtendedRegistrationRequest, RegistrationResponse } from './registration.dto.js';

const NAMES = FIELD_NAMES.registration;

export function toClientRequest(
  { body, faults }: Shaped<ExtendedRegistrationRequest>,
  { statement, fault }: Pick<StatementReading, 'statement' | 'fault'> = {},
): ClientRequest {
  const { translations, faults: translationFaults } = readTranslations(body);
  const draft = readFields('registration', body);
  // Widespread clients send an empty scope, which RFC 7591 §2 does not define; it counts as omitted
  draft.scopes = body.scope === undefined ? undefined : splitScope(body.scope);
  draft.softwareStatement = statement;
  draft.translations = translations;
  return {
    draft,
    faults: {
      ...faults,
      ...translationFaults,
      ...(fault && { [NAMES.softwareStatement]: [fault.fault] }),
    },
    names: NAMES,
    errorCode: (invalid) => {
      if (fault) return fault.code;
      // Only a missing one is found later (RFC 7591 §3.2.2)
      const isMissing =
        Object.hasOwn(invalid, NAMES.softwareStatement) && !Object.hasOwn(faults, NAMES.softwareStatement);
      if (isMissing) return 'invalid_software_statement';
      const isAboutRedirects = Object.hasOwn(invalid, NAMES.redirectUris);
      return isAboutRedirects ? 'invalid_redirect_uri' : 'invalid_client_metadata';
    },
  };
}

/** Localized members such as `client_name#ja`, which a DTO class cannot list (RFC 7591 §2.2). */
function readTranslations(body: object) {
  const translations: Record<string, string> = {};
  const faults: FieldFaults = {};
  for (const [member, value] of Object.entries(body) as [string, unknown][]) {
    if (!isTranslation(member)) continue;
    if (typeof value === 'string') translations[member] = value;
    else faults[member] = ['must be a string'];
  }
  return { translations, faults };
}

/** The credentials for managing a registration (RFC 7592 §3). */
export type Management = Pick<RegistrationResponse, 'registration_access_token' | 'registration_client_uri'>;

/** A registration response without the members of a stored client. */
export type RegisteredMetadata = Omit<RegistrationResponse, 'client_id' | 'client_id_issued_at'>;

const toSeconds = (date: Date) => Math.floor(date.getTime() / 1000);

/** The registered metadata (RFC 7591 §3.2.1); absent values are omitted. */
export function toResponse(
  client: Client,
  secret: IssuedSecret | null,
  management: Management,
): RegistrationResponse {
  return {
    client_id: client.id,
    client_id_issued_at: toSeconds(client.createdAt),
    ...(secret && {
      client_secret: secret.value,
      client_secret_expires_at: secret.expiresAt ? toSeconds(secret.expiresAt) : 0,
    }),
    ...management,
    ...toMetadata(client),
    client_name: ownNameOf(client) ?? undefined,
  };
}

/** The registered metadata, without the members of a stored client. */
export function toMetadata(profile: ClientMetadata): RegisteredMetadata {
  const { scope: scopes, ...fields } = showFields('registration', profile);
  return {
    ...fields,
    response_types: profile.grantTypes.includes('authorization_code') ? ['code'] : [],
    scope: scopes.length > 0 ? scopes.join(' ') : undefined,
    ...profile.metadata.translations,
  };
}
