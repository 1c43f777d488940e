import { GraphQLSchemaHost } from '@nestjs/graphql';
import { type DocumentNode, type FieldNode, Kind, parse } from 'graphql';
import * as Operation from '../../operator/operations.js';
import { TypedDocumentString } from '../../operator/operations.js';
import { onEachEngine } from '../../support/databases.js';
import { Registry } from '../../support/registry.js';
import { isoSoon, Operator, UNKNOWN_ID } from '../../support/operator.js';

onEachEngine((engine) => {
  let registry: Registry;
  let operator: Operator;
  beforeAll(async () => {
    registry = await Registry.start(engine);
    operator = new Operator(registry);
  });
  afterAll(() => registry.stop());

  describe('requires an admin key', () => {
    /** Every operation, with values for its variables that would do. */
    const VARIABLES: Record<string, unknown> = {
      clientId: UNKNOWN_ID,
      clientIds: [UNKNOWN_ID],
      unused: true,
      secretId: UNKNOWN_ID,
      id: UNKNOWN_ID,
      version: 1,
      verified: true,
      first: 1,
      events: 1,
      dryRun: false,
      filter: { orgId: 'acme' },
    };
    const INPUTS: Record<string, unknown> = {
      CreateClient: { orgId: 'acme', name: 'n', clientType: 'PUBLIC', allowedGrantTypes: ['REFRESH_TOKEN'] },
      UpdateClient: { name: 'n' },
      CreateKey: { name: 'n', orgId: 'acme', userId: 'u' },
      CreateToken: { name: 'n', orgId: 'acme', userId: 'u', maxRegistrations: 1, expiresAt: isoSoon() },
    };
    const DOCUMENTS = Object.values(Operation as Record<string, unknown>).filter(
      (value) => value instanceof TypedDocumentString,
    );
    const operationOf = (document: DocumentNode) =>
      document.definitions.find((definition) => definition.kind === Kind.OPERATION_DEFINITION)!;
    const NAMED = DOCUMENTS.map((text) => ({ text: text.toString(), document: parse(text.toString()) }))
      .filter(({ document }) => document.definitions[0]!.kind === Kind.OPERATION_DEFINITION)
      .map(({ text, document }): [string, string, DocumentNode] => [
        operationOf(document).name!.value,
        text,
        document,
      ]);

    it('the operations of this test reach every query and mutation there is', () => {
      const { schema } = registry.app.get(GraphQLSchemaHost, { strict: false });
      const fields = [schema.getQueryType()!, schema.getMutationType()!].flatMap((type) =>
        Object.keys(type.getFields()),
      );
      const used = NAMED.flatMap(([, , document]) =>
        operationOf(document).selectionSet.selections.map((field) => (field as FieldNode).name.value),
      );
      // The statistics are read in another test
      expect(new Set([...used, 'oauthClientStats'])).toEqual(new Set(fields));
    });

    it.each(NAMED)(
      '%s: refuses an anonymous caller, a member, a revoked key and an initial access token',
      async (name, text, document) => {
        const { variableDefinitions = [] } = operationOf(document);
        const names = variableDefinitions.map(({ variable }) => variable.name.value);
        const variables = Object.fromEntries(
          names.map((variable) => [variable, variable === 'input' ? INPUTS[name] : VARIABLES[variable]]),
        );
        const { apiKey: member } = await registry.createKey();
        const { apiKey: revoked, id } = await registry.createKey({ role: 'admin' });
        await operator.do(Operation.RevokeKeyDocument, { id });
        const { value: initialAccessToken } = await registry.createInitialAccessToken();
        const rows = async () => [
          await registry.rows('oauth_clients'),
          await registry.rows('api_keys'),
          await registry.rows('audit_events'),
        ];
        const before = await rows();
        const answers = [];
        for (const key of [null, member, revoked, initialAccessToken]) {
          const { status, body } = await registry.graphql(text, variables, key);
          answers.push([status, body.errors[0].extensions.code, body.data]);
        }
        expect(answers).toEqual([
          [401, 'UNAUTHENTICATED', undefined],
          [403, 'FORBIDDEN', undefined],
          [401, 'UNAUTHENTICATED', undefined],
          [401, 'UNAUTHENTICATED', undefined],
        ]);
        // And nothing happens but that the member's attempt is recorded
        const [clients, keys, events] = before;
        expect(await rows()).toEqual([clients, keys, events! + 1]);
      },
    );
  });
});
