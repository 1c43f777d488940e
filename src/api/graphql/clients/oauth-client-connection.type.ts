import { ObjectType } from '@nestjs/graphql';
import type { ClientFilter } from '../../../clients/client/client-query.js';
import { connectionOf } from '../pagination/connection.js';
import { OAuthClient } from './oauth-client.type.js';

@ObjectType({ description: 'A page of clients (Relay Cursor Connections).' })
export class OAuthClientConnection extends connectionOf(OAuthClient) {
  /** What `totalCount` is to count; not part of the schema. */
  filter!: ClientFilter;
}
