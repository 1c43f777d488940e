import { RegistryError } from '../../errors/registry-error.js';

const ENTITY_TAG = /^(?:W\/)?"[\x21\x23-\x7e]*"$/;

/** The entity tag of a client: its version (RFC 9110 §8.8.3). */
export const etagOf = ({ version }: { version: number }) => `"${version}"`;

/**
 * The versions that `If-Match` allows; null if the header is absent or `*` (RFC 9110 §13.1.1). Weak tags match nothing
 * there, nor do tags that we never gave.
 * @throws RegistryError `invalid_request` if the header is malformed
 */
export function readIfMatch(header: string | undefined): readonly number[] | null {
  if (header === undefined || header.trim() === '*') return null;
  const tags = header.split(',').map((tag) => tag.trim());
  if (!tags.every((tag) => ENTITY_TAG.test(tag))) {
    throw new RegistryError('invalid_request', 'If-Match must be the ETag of an earlier response, or *.');
  }
  return tags.flatMap((tag) => (/^"[1-9]\d{0,9}"$/.test(tag) ? [Number(tag.slice(1, -1))] : []));
}
