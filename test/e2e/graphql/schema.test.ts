import { GraphQLSchemaHost } from '@nestjs/graphql';
import { onEachEngine } from '../../support/databases.js';
import { Registry } from '../../support/registry.js';

onEachEngine((engine) => {
  let registry: Registry;
  afterEach(() => registry.stop());

  it('the schema is built once, with the first operation of an authenticated caller', async () => {
    registry = await Registry.start(engine);
    const host = registry.app.get(GraphQLSchemaHost, { strict: false });
    let builds = 0;
    let built: unknown;
    Object.defineProperty(host, 'schema', {
      get: () => built,
      set: (schema: unknown) => {
        builds++;
        built = schema;
      },
    });
    const body = { query: '{ oauthClients { totalCount } }' };
    expect((await registry.send('/graphql', { key: 'wrong', body })).status).toBe(401);
    expect(builds).toBe(0);
    const answers = await Promise.all(Array.from({ length: 5 }, () => registry.graphql(body.query)));
    for (const answer of answers) expect(answer.body).toEqual({ data: { oauthClients: { totalCount: 0 } } });
    expect(builds).toBe(1);
  });
});
