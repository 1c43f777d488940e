import type { ShownFields } from '../../../policy/client.js';
import { FIELD_ROWS } from '../../../policy/fields.js';

type Described = Readonly<Record<keyof ShownFields<'graphql'>, string>>;

/** What the fields of a client are, wherever they stand in the schema. */
export const ABOUT = {
  ...(Object.fromEntries(
    FIELD_ROWS.map(([, { graphql, description }]) => [graphql, `${description}.`]),
  ) as Described),
  name: 'What people call the client; its clientId where it has no name.',
  orgId: 'The organization that owns it; null where it registered anonymously.',
  userId: 'The user it belongs to; null where it belongs to none.',
  translations: 'Members of its metadata in other languages (RFC 7591 §2.2).',
};
