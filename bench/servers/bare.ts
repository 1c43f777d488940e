import Fastify from 'fastify';
import { v7 as uuidv7 } from 'uuid';
import { openStatements } from './statements.js';

/** What the same framework and driver can do at best: no credentials, no rules, no log, no secrets, no audit log. */
const { execute, prepare } = openStatements(process.env.DATABASE_URL!);
await execute('CREATE TABLE clients (id varchar(36) PRIMARY KEY, name text NOT NULL, body text NOT NULL)');
const insert = prepare('INSERT INTO clients (id, name, body) VALUES ($1, $2, $3)');
const select = prepare('SELECT id, name, body FROM clients WHERE id = $1');
const selectPage = prepare('SELECT id, name, body FROM clients ORDER BY id DESC LIMIT $1');

const fastify = Fastify();

fastify.post<{ Body: { name: string } }>('/clients', async (request, reply) => {
  const row = { id: uuidv7(), name: request.body.name, body: JSON.stringify(request.body) };
  await insert(row.id, row.name, row.body);
  return reply.code(201).send(row);
});

fastify.get<{ Params: { id: string } }>('/clients/:id', async (request, reply) => {
  const [row] = await select(request.params.id);
  return row ?? reply.code(404).send({ error: 'not_found' });
});

fastify.get<{ Querystring: { size: string } }>('/clients', (request) =>
  Promise.resolve(selectPage(Number(request.query.size))),
);

console.log(`Listening on ${await fastify.listen({ port: 0, host: '127.0.0.1' })}`);
