import { authorizationOf, FORM } from '../../support/authorization.js';
import { onEachEngine } from '../../support/databases.js';
import { Registry } from '../../support/registry.js';

/** With it, a body has almost 64 KiB, and more than the library reads. */
const LARGE = { unknown: ' q'.repeat(29_500) };

onEachEngine((engine) => {
  let registry: Registry;
  beforeAll(async () => {
    registry = await Registry.start(engine);
  });
  afterAll(() => registry.stop());
  const { register, aCode, aRequest } = authorizationOf(() => registry);
  describe('Unknown parameters are ignored, however large they are,', () => {
    it('of a token request', async () => {
      const user = (await registry.createKey()).apiKey;
      const { exchange } = await aCode(await register(), user);
      expect((await exchange(LARGE)).status).toBe(200);
    });

    it('of a pushed request', async () => {
      const { parameters } = aRequest(await register(), LARGE);
      const sent = Object.entries(parameters).filter((entry): entry is [string, string] => !!entry[1]);
      const body = new URLSearchParams(sent).toString();
      const reply = await registry.send('/v2/oauth/par', { body, headers: FORM });
      expect(reply.status).toBe(201);
    });
  });
});
