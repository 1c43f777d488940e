import { ClientError, GraphQLClient } from 'graphql-request';
import * as Operation from '../../operator/operations.js';
import type { TypedDocumentString } from '../../operator/operations.js';
import type { Registry } from '../registry.js';

/** An id that no row has. */
export const UNKNOWN_ID = '01a20080-c163-717e-a4ad-7633ebbe7df6';

export const CALLBACK = ['https://example.com/callback'];

export const isoSoon = (seconds = 3600) => new Date(Date.now() + seconds * 1000).toISOString();

/** An admin that uses GraphQL, with a client that knows the schema. */
export class Operator {
  private readonly client: GraphQLClient;

  constructor(
    readonly registry: Registry,
    key = registry.adminKey,
  ) {
    this.client = new GraphQLClient(`${registry.url}/graphql`, {
      headers: { authorization: `Bearer ${key}` },
    });
  }

  do<T, V extends object>(operation: TypedDocumentString<T, V>, variables: V): Promise<T> {
    return this.client.request<T>(operation.toString(), variables);
  }

  /** The code of the rejection, and the fields that it names. */
  async refused<T, V extends object>(operation: TypedDocumentString<T, V>, variables: V) {
    const error: unknown = await this.do(operation, variables).catch((error: unknown) => error);
    if (!(error instanceof ClientError)) throw new Error('It was not refused.');
    const { code, invalid_fields: fields } = error.response.errors![0]!.extensions;
    return { code, ...(fields ? { fields: Object.keys(fields) } : {}) };
  }

  async create(input: Partial<Operation.CreateOAuthClientInput> = {}) {
    const { createOAuthClient } = await this.do(Operation.CreateClientDocument, {
      input: {
        orgId: 'acme',
        name: 'My client',
        clientType: 'CONFIDENTIAL',
        allowedGrantTypes: ['CLIENT_CREDENTIALS'],
        ...input,
      },
    });
    return createOAuthClient;
  }

  async read(clientId: string) {
    return (await this.do(Operation.ReadClientDocument, { clientId })).oauthClient;
  }

  /** Events about a client, the latest first. */
  async events(filter: Operation.AuditEventFilter) {
    const { auditEvents } = await this.do(Operation.ReadEventsDocument, { filter, first: 100 });
    return auditEvents.nodes;
  }

  async actions(clientId: string) {
    return (await this.events({ clientId })).map(({ action }) => action);
  }

  /** The origin in its events. To be read while its key is the only one, and so the newest. */
  async origin() {
    const { apiKeys } = await this.do(Operation.ListKeysDocument, { first: 1 });
    return {
      actor: { type: 'API_KEY', id: apiKeys.nodes[0]!.id },
      channel: 'GRAPHQL',
      address: '127.0.0.1',
      requestId: expect.any(String) as string,
    };
  }
}
