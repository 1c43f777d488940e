import { ApolloServer } from '@apollo/server';
import { onEachEngine } from '../../support/databases.js';
import { expectRefused } from '../../support/graphql/graphql.js';
import { Registry } from '../../support/registry.js';

const QUERY = `/graphql?${new URLSearchParams({ query: '{ __typename }' }).toString()}`;
/** Without it, Apollo rejects a GET: a form could send it. */
const JSON_TYPE = { 'content-type': 'application/json' };

onEachEngine((engine) => {
  let registry: Registry;
  beforeAll(async () => {
    registry = await Registry.start(engine, { GRAPHQL_EXPLORER: 'on', RATE_LIMIT_FAILED_AUTH: 'off' });
  });
  afterAll(() => registry.stop());

  /** What is done with a request, and how often Apollo saw it: it parses headers and the query before anything else. */
  const send = async (method: string, key: string | null, headers: Record<string, string> = JSON_TYPE) => {
    const apollo = jest.spyOn(ApolloServer.prototype, 'executeHTTPGraphQLRequest');
    const isPost = method === 'POST';
    const answer = await registry.send(isPost ? '/graphql' : QUERY, {
      method,
      key,
      headers,
      ...(isPost && { body: { query: '{ __typename }' } }),
    });
    const { length: seen } = apollo.mock.calls;
    apollo.mockRestore();
    return { ...answer, seen };
  };

  describe.each(['GET', 'HEAD', 'POST'])('%s', (method) => {
    it.each([
      ['no', null, null],
      ['an unknown', `ocr_${'a'.repeat(51)}`, 'invalid_token'],
    ])('with %s key is a 401 before Apollo sees it', async (_, key, error) => {
      const { status, headers, text, seen } = await send(method, key);
      const challenge = headers.get('www-authenticate');
      expect({ status, challenge, seen }).toEqual({
        status: 401,
        challenge: registry.challenge(error),
        seen: 0,
      });
      if (method !== 'HEAD')
        expect(JSON.parse(text)).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
    });

    it('of a member is a 403 before Apollo sees it', async () => {
      const { apiKey } = await registry.createKey();
      const { status, seen } = await send(method, apiKey);
      expect({ status, seen }).toEqual({ status: 403, seen: 0 });
    });

    it('of an admin reaches Apollo, which supports no HEAD', async () => {
      const { status, seen } = await send(method, registry.adminKey);
      expect({ status, seen }).toEqual({ status: method === 'HEAD' ? 405 : 200, seen: 1 });
    });

    it.each([
      ['Accept', 'accept', (length: number) => '*/*,'.repeat(length / 4)],
      ['Content-Type', 'content-type', (length: number) => `application/json;${' '.repeat(length - 20)}a=b`],
    ])('with %s of more than 1,000 characters is a 400 before Apollo parses it', async (_, field, of) => {
      const headers = (length: number) => ({ ...JSON_TYPE, [field]: of(length) });
      const { status, seen } = await send(method, registry.adminKey, headers(1_004));
      expect([status, seen]).toEqual([400, 0]);
      expect((await send(method, registry.adminKey, headers(1_000))).seen).toBe(1);
    });
  });

  it('OPTIONS without credentials is not seen by Apollo', async () => {
    const { status, seen } = await send('OPTIONS', null, {});
    expect([status, seen]).toEqual([405, 0]);
  });

  it.each(['GET', 'HEAD'])('%s of a browser gets the page of the explorer without Apollo', async (method) => {
    const accept = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
    for (const key of [null, 'of a proxy']) {
      const { status, headers, text, seen } = await send(method, key, { accept });
      expect([status, headers.get('content-type'), seen]).toEqual([200, 'text/html; charset=utf-8', 0]);
      expect(text.includes('<!doctype html>')).toBe(method === 'GET');
    }
  });

  it('JSON in the URL is read after authentication', async () => {
    const invalid = await registry.send('/graphql?query=a&variables=%7B', {
      method: 'GET',
      headers: JSON_TYPE,
    });
    expectRefused(invalid, 401, 'UNAUTHENTICATED');
  });
});
