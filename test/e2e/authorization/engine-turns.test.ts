import { setImmediate as nextIteration } from 'node:timers/promises';
import { TokensRepository } from '../../../src/authorization/tokens/tokens.repository.js';
import { authorizationOf, CALLBACK } from '../../support/authorization.js';
import { onEachEngine } from '../../support/databases.js';
import { many } from '../../support/many.js';
import { Registry } from '../../support/registry.js';
import { AuthorizationEngine } from '../../../src/authorization/engine/authorization-engine.js';
import { ClientLookupRepository } from '../../../src/clients/client/client-lookup.repository.js';
import { SYSTEM } from '../../../src/audit/audit-event.js';

const COUNT = 400;
/** In one iteration of the event loop; all would begin in one without turns. A turn begins some dozens, depending on the machine. */
const MAX_PER_ITERATION = COUNT / 2;

const VERIFIER = 'v'.repeat(43);
onEachEngine((engine) => {
  let registry: Registry;
  beforeAll(async () => {
    registry = await Registry.start(engine);
  });
  afterAll(() => registry.stop());
  const { register } = authorizationOf(() => registry);
  const get = <T>(type: abstract new (...args: never[]) => T): T => registry.app.get(type, { strict: false });
  it('Requests whose lookups resolve together enter the engine in turns', async () => {
    const client = (await get(ClientLookupRepository).find({ id: (await register()).id }))!;
    let iteration = 0;
    const entered = new Map<number, number>();
    const tokens = get(TokensRepository);
    const find = tokens.find.bind(tokens);
    const spy = jest.spyOn(tokens, 'find').mockImplementation((hash) => {
      entered.set(iteration, (entered.get(iteration) ?? 0) + 1);
      return find(hash);
    });
    const parameters = Object.entries({
      grant_type: 'authorization_code',
      client_id: client.id,
      code: 'unknown',
      code_verifier: VERIFIER,
      redirect_uri: CALLBACK,
    });
    const known = { redirectUri: CALLBACK };
    const exchange = () =>
      get(AuthorizationEngine).handle(registry.url, { endpoint: 'token', parameters }, client, SYSTEM, known);
    let isOver = false;
    const exchanges = (async () => {
      // It loads the library
      await exchange();
      entered.clear();
      return Promise.all(many(COUNT, exchange));
    })().finally(() => (isOver = true));
    while (!isOver) {
      iteration++;
      await nextIteration();
    }
    const statuses = (await exchanges).map(({ reply }) => reply.status);
    spy.mockRestore();
    expect(statuses).toEqual(many(COUNT, () => 400));
    expect([...entered.values()].reduce((sum, count) => sum + count)).toBe(COUNT);
    expect(Math.max(...entered.values())).toBeLessThanOrEqual(MAX_PER_ITERATION);
  });
});
