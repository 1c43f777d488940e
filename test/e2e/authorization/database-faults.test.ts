import { rename } from 'node:fs/promises';
import { authorizationOf, type TestClient } from '../../support/authorization.js';
import { Proxy } from '../../support/network/proxy.js';
import { type Answer, Registry } from '../../support/registry.js';

/** Where PostgreSQL is lost: at which text of its protocol, and whether the transaction was committed then. */
const LOSSES = [
  ['when the token is used up', 'UPDATE "oauth_tokens"', false],
  ['when the new tokens are stored', 'INSERT INTO "oauth_tokens"', false],
  ['at the commit', 'COMMIT', false],
  ['after the commit, before its reply', 'C\0\0\0\x0bCOMMIT', true],
] as const;

let registry: Registry;
const { register, aCode, refresh, introspect } = authorizationOf(() => registry);

async function aClientWithCode() {
  const user = (await registry.createKey()).apiKey;
  const client = await register();
  return { client, ...(await aCode(client, user)) };
}

async function aClientWithRefreshToken() {
  const { client, exchange } = await aClientWithCode();
  return { client, token: await expectTokens(await exchange()) };
}

const expectToTryAgain = ({ status, headers, body }: Answer) =>
  expect([status, headers.get('retry-after'), body.error]).toEqual([503, '5', 'temporarily_unavailable']);

const expectTokens = async (answer: Answer) => {
  expect([answer.status, answer.body.error]).toEqual([200, undefined]);
  expect((await introspect(answer.body.access_token as string)).body.active).toBe(true);
  return answer.body.refresh_token as string;
};

/** The kinds of the tokens of a client that are good. */
async function goodTokens({ id }: TestClient): Promise<string[]> {
  const rows = await registry.dataSource.query<{ kind: string }[]>(
    `SELECT kind FROM oauth_tokens WHERE client_id = '${id}' AND consumed_at IS NULL AND kind <> 'consent' ORDER BY kind`,
  );
  return rows.map(({ kind }) => kind);
}

describe('on postgres', () => {
  let proxy: Proxy;
  beforeAll(async () => {
    const { hostname, port } = new URL(process.env.TEST_POSTGRES_URL!);
    proxy = await Proxy.start({ host: hostname, port: Number(port) });
    registry = await Registry.start('postgres', {}, {}, (url) => {
      const behindProxy = Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(proxy.port) });
      return behindProxy.href;
    });
  });
  afterAll(async () => {
    await registry.stop();
    await proxy.stop();
  });

  /** Uses what is prepared until the loss is its own, not that of a job which commits at the same time. */
  async function loseAt<T>(
    text: string,
    prepare: () => Promise<T>,
    use: (prepared: T) => Promise<Answer>,
  ): Promise<T> {
    for (let tries = 0; tries < 5; tries++) {
      const prepared = await prepare();
      proxy.cutAt(text);
      const answer = await use(prepared);
      if (answer.status === 200) continue;
      expectToTryAgain(answer);
      return prepared;
    }
    throw new Error(`no request fails at ${text}`);
  }

  it.each(LOSSES)(
    'a code is good still, or its tokens exist, if the database is lost %s',
    async (_, text, isCommitted) => {
      const { client, exchange } = await loseAt(text, aClientWithCode, ({ exchange }) => exchange());
      expect(await goodTokens(client)).toEqual(isCommitted ? ['access', 'refresh'] : ['code']);
      const again = await exchange();
      if (!isCommitted) return void (await expectTokens(again));
      // Nothing tells this from a second use, which ends what came of the first
      expect([again.status, again.body.error]).toEqual([400, 'invalid_grant']);
    },
  );

  it.each(LOSSES)('a refresh token can be used again if the database is lost %s', async (_, text) => {
    const { client, token } = await loseAt(text, aClientWithRefreshToken, ({ client, token }) =>
      refresh(client, token),
    );
    const next = await expectTokens(await refresh(client, token));
    await expectTokens(await refresh(client, next));
  });
});

describe('on sqlite', () => {
  beforeAll(async () => {
    registry = await Registry.start('sqlite');
  });
  afterAll(() => registry.stop());
  const file = () => registry.dataSource.options.database as string;
  const setReadOnly = (value: 'on' | 'off') => registry.dataSource.query(`PRAGMA query_only = ${value}`);

  it.each([
    ['is read-only', () => setReadOnly('on'), () => setReadOnly('off')],
    ['was moved away', () => rename(file(), `${file()}.away`), () => rename(`${file()}.away`, file())],
  ])('codes and refresh tokens are good still if the database %s meanwhile', async (_, begin, end) => {
    const { client, exchange } = await aClientWithCode();
    const { client: other, token } = await aClientWithRefreshToken();
    await begin();
    expectToTryAgain(await exchange());
    expectToTryAgain(await refresh(other, token));
    await end();
    expect(await goodTokens(client)).toEqual(['code']);
    await expectTokens(await exchange());
    await expectTokens(await refresh(other, token));
  });
});
