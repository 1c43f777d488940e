import { type ErrorCode, type FieldFaults, RegistryError } from '../../errors/registry-error.js';
import type { ClientMetadataInput } from '../../policy/client.js';
import type { FieldNames } from '../../policy/fields.js';
import { validate, type Rule } from '../../policy/rules.js';

/** A request as an interface parsed it, and the field names and codes for its errors. */
export interface ClientRequest {
  draft: ClientMetadataInput;
  /** What was wrong with the shape of the request, by the caller's field names. */
  faults: FieldFaults;
  /** The caller's names for the fields of a client. */
  names: FieldNames;
  /** The error code of a rejection, given the fields at fault. */
  errorCode: (faults: FieldFaults) => ErrorCode;
}

/** In the description of a rejection; all of them are in its `invalid_fields`. */
const MAX_FIELDS_NAMED = 20;

/**
 * The draft of a submission that breaks no rule.
 * @throws RegistryError with every field at fault
 */
export function validateOrThrow(
  { draft, faults, names, errorCode }: ClientRequest,
  rules: readonly Rule[],
): ClientMetadataInput {
  const invalidFields = validate(draft, rules, names, faults);
  if (Object.keys(invalidFields).length === 0) return draft;
  throw refusal(errorCode(invalidFields), invalidFields);
}

/** The error that names every field at fault. */
export function refusal(code: ErrorCode, invalidFields: FieldFaults): RegistryError {
  const fields = Object.keys(invalidFields);
  // RFC 6749 §5.2: ASCII only. The rest is in invalid_fields
  const named = fields.filter((field) => /^[\x21-\x7e]{1,64}$/.test(field)).slice(0, MAX_FIELDS_NAMED);
  const others = named.length < fields.length ? ' and others' : '';
  return new RegistryError(code, `Invalid fields: ${named.join(', ')}${others}. See invalid_fields.`, {
    invalidFields,
  });
}
