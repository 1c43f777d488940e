import { readFile, writeFile } from 'node:fs/promises';
import { GraphQLSchemaHost } from '@nestjs/graphql';
import { lexicographicSortSchema, printSchema } from 'graphql';
import { Registry } from '../support/registry.js';

const FILE = 'schema.graphql';

it('schema.graphql says what the code says; `npm run schema` writes it anew', async () => {
  const registry = await Registry.start('sqlite');
  const { schema } = registry.app.get(GraphQLSchemaHost, { strict: false });
  const printed = `${printSchema(lexicographicSortSchema(schema))}\n`;
  await registry.stop();
  if (process.env.WRITE_SCHEMA) await writeFile(FILE, printed);
  expect(await readFile(FILE, 'utf8')).toBe(printed);
});
