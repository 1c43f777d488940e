import type { Engine } from './databases.js';
import { type Answer, Registry } from './registry.js';

export const HOUR_MS = 3_600_000;
export const PUBLIC = { token_endpoint_auth_method: 'none', redirect_uris: ['http://localhost:8080/cb'] };

/** A registry that a test starts with its own environment, others on the same database, and what happens to their clients. */
export function anonymousClients(engine: Engine) {
  let registry: Registry;
  const started: Registry[] = [];
  const start = async (env: Record<string, string> = {}) => {
    registry = await Registry.start(engine, env);
    started.push(registry);
    return registry;
  };
  /** On the same database. On SQLite, the two do not wait for each other's writes: they are one process. */
  const startAnother = async (env: Record<string, string> = {}) => {
    const other = await Registry.start(engine, { ...env, DATABASE_URL: registry.databaseUrl });
    started.push(other);
    return other;
  };
  const stopAll = async () => {
    for (const each of started.splice(0).reverse()) await each.stop();
  };

  const idsOf = async (condition = '') => {
    const rows = await registry.dataSource.query<{ id: string }[]>(
      `SELECT id FROM oauth_clients ${condition} ORDER BY id`,
    );
    return rows.map(({ id }) => id);
  };
  const age = (ms: number, ids: readonly string[]) =>
    registry.dataSource.query(
      `UPDATE oauth_clients SET created_at = created_at - ${ms}, last_registered_at = last_registered_at - ${ms}
       WHERE id IN (${ids.map((id) => `'${id}'`).join()})`,
    );
  const register = async (body: object = {}, at = registry): Promise<string> => {
    const answer = await at.register(body);
    expect(answer.status).toBe(201);
    return answer.body.client_id as string;
  };
  const graphql = async (query: string, variables: object = {}) => {
    const { body } = await registry.graphql(query, variables);
    if (body.errors) throw new Error(JSON.stringify(body.errors));
    return body.data;
  };
  const mutate = (field: string) => graphql(`mutation { ${field} }`);
  const recordUse = async (...clientIds: string[]): Promise<number> => {
    const mutation = 'mutation ($ids: [ID!]!) { recordOAuthClientUse(clientIds: $ids) { count } }';
    return (await graphql(mutation, { ids: clientIds })).recordOAuthClientUse.count;
  };
  const clientOf = async (id: string) =>
    (
      await graphql(
        `
          query ($id: ID!) {
            oauthClient(clientId: $id) {
              lastUsedAt
              registrationCount
              version
              updatedAt
              verified
              status
            }
          }
        `,
        { id },
      )
    ).oauthClient;
  const unused = async (isUnused: boolean, nameContains?: string): Promise<string[]> => {
    const query =
      'query ($filter: OAuthClientFilter) { oauthClients(first: 100, filter: $filter) { nodes { clientId } } }';
    const { oauthClients } = await graphql(query, { filter: { unused: isUnused, nameContains } });
    const nodes = oauthClients.nodes as { clientId: string }[];
    return nodes.map(({ clientId }) => clientId).sort();
  };
  /** As soon as the instance counts again: once a second, and less often where that takes long. */
  const hasRoom = async (at: Registry) => {
    for (let status = 503; status !== 201; status = (await at.register({})).status)
      await new Promise((done) => setTimeout(done, 100));
  };
  const removals = async () => {
    const { auditEvents } = await graphql(
      '{ auditEvents(first: 100, filter: { action: UNUSED_CLIENTS_REMOVED }) { nodes { clientId channel actor { type } changes { before } } } }',
    );
    return auditEvents.nodes as { changes: { before: number }[] }[];
  };
  const refusalOf = ({ status, body, headers }: Answer) => ({
    status,
    error: body.error,
    retryAfter: Number(headers.get('retry-after')),
  });

  return {
    start,
    startAnother,
    stopAll,
    idsOf,
    age,
    register,
    graphql,
    mutate,
    recordUse,
    clientOf,
    unused,
    hasRoom,
    removals,
    refusalOf,
  };
}
