import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import type { DataSource } from 'typeorm';
import {
  connectTo,
  createDatabase,
  createMigratedDatabase,
  ENGINES,
  onEachEngine,
  type TestDatabase,
} from '../../support/databases.js';
import { PERSISTENCE } from '../../../src/persistence.js';
import { WITHOUT_OVERRIDE } from '../../support/process.js';
import { directory, start, startProgramsPerTest } from '../../support/programs.js';
import { aClient, Registry } from '../../support/registry.js';

startProgramsPerTest();

describe('commands', () => {
  const run = async (line: string, env: Record<string, string> = {}) => {
    const program = start(env, 'cli.js', line.split(' '));
    return { code: await program.ended, stdout: program.stdout, stderr: program.stderr };
  };
  /** One of each noun: the commands of a noun open the database in the same way. */
  const COMMANDS = [
    'api-key list',
    'initial-access-token create --name n --org o --max 1 --expires-in 1d',
    'expire-unused --older-than 30d',
    'signing-key rotate',
  ];

  it.each([...COMMANDS, 'migrate', 'backup copy'])(
    '%s: an invalid DATABASE_URL is reported in one line',
    async (line) => {
      expect(await run(line, { DATABASE_URL: 'mysql://x' })).toEqual({
        code: 1,
        stdout: '',
        stderr: expect.stringMatching(/^.*DATABASE_URL.*sqlite:PATH or postgres:\/\/.*\n$/),
      });
    },
  );

  it.each(COMMANDS)('%s: creates no database', async (line) => {
    expect(await run(line, { DATABASE_URL: 'sqlite:data/x.sqlite' })).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'The database data/x.sqlite does not exist. Set DATABASE_URL as the service has it, or create the database with "npm run migrate".\n',
    });
    expect(existsSync(join(directory, 'data'))).toBe(false);
  });

  (WITHOUT_OVERRIDE ? it : it.skip).each(['api-key list', 'backup copy'])(
    '%s: says that the directory of the database is not accessible',
    async (line) => {
      const guarded = join(directory, 'guarded');
      await mkdir(guarded, { mode: 0 });
      const env = { DATABASE_URL: 'sqlite:guarded/x.sqlite' };
      const program = start(env, 'cli.js', line.split(' '), WITHOUT_OVERRIDE);
      const code = await program.ended;
      await chmod(guarded, 0o700);
      expect({ code, stderr: program.stderr }).toEqual({
        code: 1,
        stderr: "EACCES: permission denied, stat 'guarded/x.sqlite'\n",
      });
    },
  );

  it('expire-unused takes REGISTRATION_UNUSED_TTL from .env', async () => {
    await writeFile(
      join(directory, '.env'),
      'REGISTRATION_UNUSED_TTL=30d\nDATABASE_URL=sqlite:of-env.sqlite\n',
    );
    expect((await run('expire-unused')).stderr).toMatch(/^The database of-env\.sqlite does not exist\./);
  });

  describe.each(ENGINES)('on %s', (engine) => {
    let database: TestDatabase;
    let dataSource: DataSource;
    beforeAll(async () => {
      database = await createDatabase(engine);
      dataSource = await connectTo(database.url);
      await dataSource.undoLastMigration({ transaction: engine === 'postgres' ? 'all' : 'none' });
    });
    afterAll(async () => {
      await dataSource.destroy();
      await database.drop();
    });
    const applied = () => dataSource.query<object[]>('SELECT name FROM migrations ORDER BY id');

    it.each(COMMANDS)('%s: leaves an older schema as it is, and says what to run', async (line) => {
      const before = await applied();
      expect(await run(line, { DATABASE_URL: database.url })).toEqual({
        code: 1,
        stdout: '',
        stderr: expect.stringMatching(
          /^The database \S+ has pending migrations\. Run "npm run migrate" first\.\n$/,
        ),
      });
      expect(await applied()).toEqual(before);
    });
  });

  it('an empty PostgreSQL is not migrated by a list', async () => {
    const database = await createDatabase('postgres');
    const { code, stderr } = await run('api-key list', { DATABASE_URL: database.url });
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining('"npm run migrate" first') });
    const admin = new pg.Client(database.url);
    await admin.connect();
    const { rows } = await admin.query(`SELECT 1 FROM pg_tables WHERE schemaname = 'public'`);
    await admin.end();
    await database.drop();
    expect(rows).toEqual([]);
  });
});

onEachEngine((engine) => {
  let registry: Registry;
  beforeAll(async () => {
    registry = await Registry.start(engine);
  });
  afterAll(() => registry.stop());

  const cli = async (env: Record<string, string>, ...args: string[]) => {
    const program = start({ DATABASE_URL: registry.databaseUrl, ...env }, 'cli.js', args);
    return { code: await program.ended, output: program.stdout + program.stderr };
  };

  it('api-key creates, lists and revokes keys that the running service knows', async () => {
    const apiKeys = (...args: string[]) => cli({}, 'api-key', ...args);
    const created = await apiKeys('create', '--name', 'ci', '--org', 'acme', '--expires-in', '90d');
    expect(created.code).toBe(0);
    const [, id] = /API key (\S+),/.exec(created.output)!;
    const [apiKey] = /ocr_\S+/.exec(created.output)!;
    const { body } = await registry.createClient(aClient(), apiKey);
    expect(body.data).toMatchObject({ org_id: 'acme', user_id: 'ci' });

    const listed = await apiKeys('list');
    expect(listed.output).toContain(id);
    expect(listed.output).toContain(`…${apiKey.slice(-4)}`);
    expect(listed.output).not.toContain(apiKey);

    expect((await apiKeys('revoke', id!)).code).toBe(0);
    // The service may remember it for a second
    await new Promise((done) => setTimeout(done, 1_100));
    expect((await registry.createClient(aClient(), apiKey)).status).toBe(401);
    expect(await apiKeys('revoke', id!)).toEqual({
      code: 1,
      output: 'The API key does not exist or is already revoked.\n',
    });
  });

  it('expire-unused prints the unused clients, and removes them unless it is a dry run', async () => {
    const register = async () => (await registry.register({})).body.client_id as string;
    const [old, fresh] = [await register(), await register()];
    const { dataSource } = registry;
    await dataSource.query(`UPDATE oauth_clients SET created_at = created_at - 7200000 WHERE id = '${old}'`);
    const left = async () => {
      const clients = await dataSource.query<{ id: string }[]>('SELECT id FROM oauth_clients');
      return [old, fresh].filter((id) => clients.some((client) => client.id === id));
    };
    expect(await cli({}, 'expire-unused', '--older-than', '3h')).toEqual({
      code: 0,
      output: expect.stringMatching(/^Nothing to do: no anonymous client was .* never used\.\n$/),
    });
    const told = await cli({}, 'expire-unused', '--older-than', '1h', '--dry-run');
    expect(told).toEqual({
      code: 0,
      output: expect.stringMatching(/^1 anonymous clients .* never used.*\n$/),
    });
    expect(await left()).toEqual([old, fresh]);
    const done = await cli({ REGISTRATION_UNUSED_TTL: '1h' }, 'expire-unused');
    expect(done).toEqual({ code: 0, output: expect.stringContaining('\n1 are removed.\n') });
    expect(await left()).toEqual([fresh]);
    const events = await dataSource.query<object[]>(
      `SELECT channel FROM audit_events WHERE action = 'unused_clients.removed'`,
    );
    expect(events).toEqual([{ channel: 'cli' }]);
  });

  it('initial-access-token creates, lists and revokes tokens that the running service knows', async () => {
    const tokens = (...args: string[]) => cli({}, 'initial-access-token', ...args);
    const options = ['--name', 'fleet', '--org', 'acme', '--max', '2', '--expires-in', '1h'];
    const created = await tokens('create', ...options, '--scopes', 'read, list');
    expect(created.code).toBe(0);
    const [, id] = /Initial access token (\S+),/.exec(created.output)!;
    const [token] = /oci_\S+/.exec(created.output)!;
    const registered = await registry.register({ scope: 'read write' }, token);
    expect([registered.status, registered.body.scope]).toEqual([201, 'read']);

    const listed = await tokens('list');
    expect(listed.output).toContain(id);
    expect(listed.output).toContain('1 of 2');
    expect(listed.output).not.toContain(token);

    expect((await tokens('revoke', id!)).code).toBe(0);
    expect((await registry.register({}, token)).status).toBe(401);
    expect((await tokens('revoke', id!)).code).toBe(1);
  });

  it('signing-key creates, lists and removes keys that the running service has', async () => {
    const env = { SIGNING_KEY_SECRET: 'a-secret-for-tests-of-32-characters' };
    const rotate = async (...args: string[]) => {
      const { code, output } = await cli(env, 'signing-key', 'rotate', ...args);
      const [, kid] = /^Signing key (\S+) signs from \S+\.\n$/.exec(output) ?? [];
      return { code, kid, output };
    };
    const listed = async () => {
      const { output } = await cli(env, 'signing-key', 'list', '--json');
      return (JSON.parse(output) as { kid: string; status: string }[]).map(({ kid, status }) => [
        kid,
        status,
      ]);
    };
    const [first, second] = [await rotate(), await rotate()];
    expect(await listed()).toEqual([
      [second.kid, 'next'],
      [first.kid, 'current'],
    ]);
    expect(await rotate()).toMatchObject({
      code: 1,
      output: expect.stringMatching(/^The next key is announced already, and signs from \S+\.\n$/),
    });
    env.SIGNING_KEY_SECRET = 'another-secret-for-tests-of-32-characters';
    await registry.dataSource.query('UPDATE signing_keys SET active_from = created_at');
    expect(await rotate()).toMatchObject({
      code: 1,
      output: expect.stringContaining(`The signing key ${second.kid} cannot be decrypted`),
    });
    const { kid } = await rotate('--revoke-others');
    expect(await listed()).toEqual([[kid, 'current']]);
    const { body } = await registry.graphql('{ signingKeys { kid } }');
    expect(body.data.signingKeys).toEqual([{ kid }]);
    const events = await registry.dataSource.query<object[]>(
      `SELECT DISTINCT channel FROM audit_events WHERE action LIKE 'signing_key.%'`,
    );
    expect(events).toEqual([{ channel: 'cli' }]);
  });

  it('lists fit 100 columns, and are complete as JSON', async () => {
    const database = await createMigratedDatabase(engine);
    await (await connectTo(database.url)).destroy();
    const cli = async (...args: string[]) => {
      const program = start({ DATABASE_URL: database.url }, 'cli.js', args);
      expect({ code: await program.ended, stderr: program.stderr }).toEqual({ code: 0, stderr: '' });
      return program.stdout;
    };
    const [name, org] = ['長い名前'.repeat(60), 'an organization with a name of some length'.repeat(6)];
    const owner = ['--name', name, '--org', org];
    const lists = {
      'api-key': await cli('api-key', 'create', ...owner, '--expires-in', '90d'),
      'initial-access-token': await cli(
        ...[
          'initial-access-token',
          'create',
          ...owner,
          '--max',
          '500',
          '--expires-in',
          '90d',
          '--scopes',
          'a b',
        ],
      ),
    };
    for (const [noun, created] of Object.entries(lists)) {
      const [, id, value] = / (\S+), shown this once:\n(\S+)/.exec(created)!;
      const table = (await cli(noun, 'list')).trimEnd().split('\n');
      expect(table).toHaveLength(2);
      expect(table[1]).toMatch(
        new RegExp(`^${id}  長い.*…  .*…${value!.slice(-4)}  an org.*…  .*20\\d\\d-\\d\\d-\\d\\d$`),
      );
      // A character of these takes two columns
      for (const line of table) expect(line.replace(/[長い名前]/g, '##').length).toBeLessThanOrEqual(100);
      const [listed, ...others] = JSON.parse(await cli(noun, 'list', '--json')) as object[];
      expect(others).toEqual([]);
      expect(listed).toMatchObject({
        id,
        name,
        orgId: org,
        userId: name,
        hint: value!.slice(-4),
        revokedAt: null,
      });
      expect(JSON.stringify(listed)).not.toMatch(/hash/i);
    }
    await database.drop();
  });

  it('migrate brings the database up to date, and names the migrations that it applied', async () => {
    const database = await createDatabase(engine);
    const migrate = async () => {
      const program = start({ DATABASE_URL: database.url }, 'cli.js', ['migrate']);
      expect(await program.ended).toBe(0);
      return program.stdout;
    };
    // Names end with a time
    const names = PERSISTENCE.migrations
      .map(({ name }) => name)
      .toSorted((a, b) => a.slice(-13).localeCompare(b.slice(-13)));
    const applied = names.map((name) => `Applied ${name}\n`).join('');
    expect(await migrate()).toBe(`${applied}The database is up to date.\n`);
    expect(await migrate()).toBe('The database was already up to date.\n');
    await database.drop();
  });
});

describe('the command line, without a database,', () => {
  const run = async (line: string) => {
    // Where nothing listens
    const env = { DATABASE_URL: 'postgres://nobody@127.0.0.1:9/none' };
    const program = start(env, 'cli.js', line.split(' ').filter(Boolean));
    return { code: await program.ended, stdout: program.stdout, stderr: program.stderr };
  };

  it.each([
    ['', /Say one of: api-key create, api-key list/, 'npm run migrate'],
    ['api-key', /Say one of: api-key create, api-key list, api-key revoke\.\n/, 'npm run api-key -- list'],
    ['api-key toString', /Say one of: api-key create/, 'npm run api-key -- list'],
    ['api-key create --name x', /^--org is required\.\n\n/, 'npm run api-key -- create'],
    ['api-key create', /^--name is required\.\n--org is required\.\n\n/, 'npm run api-key -- create'],
    [
      'api-key create --name x --org y --role owner',
      /--role takes member, viewer, service, admin/,
      'npm run api-key -- create',
    ],
    ['api-key create --name x --org y --expires-in soon', /--expires-in takes/, 'npm run api-key -- create'],
    ['api-key create --nmae x', /Unknown option '--nmae'/, 'npm run api-key -- create'],
    ['api-key revoke', /^ID is required\./, 'npm run api-key -- revoke ID'],
    ['api-key list all', /Unexpected argument: all\./, 'npm run api-key -- list [--json]'],
    ['initial-access-token create --org o --max 1 --expires-in 1d', /^--name is required\./, '--name NAME'],
    [
      'initial-access-token create --name n --org o',
      /^--max is required\.\n--expires-in is required\./,
      '--max COUNT',
    ],
    [
      'initial-access-token create --name n --org o --max x --expires-in 1d',
      /--max must be an integer/,
      '--max COUNT',
    ],
    [
      'initial-access-token create --name n --org o --max 1 --expires-in 0d',
      /--expires-in takes/,
      '--max COUNT',
    ],
    ['expire-unused', /--older-than 30d, or set REGISTRATION_UNUSED_TTL/, 'npm run expire-unused'],
    ['expire-unused --older-than soon', /--older-than takes/, 'npm run expire-unused'],
    ['expire-unused --dryrun', /dryrun/, 'npm run expire-unused'],
    ['backup', /^FILE is required\./, 'npm run backup -- FILE'],
    ['restore', /^FILE is required\./, 'npm run restore -- FILE'],
    [
      'initial-access-token create --name n --org o --max 1 --expires-in 1d --grant-types x --scopes ,',
      /--scopes must contain.*\n--grant-types must contain/,
      '--grant-types',
    ],
  ])(
    'says what is wrong with %j, and shows the usage of that command alone',
    async (line, expected, usage) => {
      const { code, stdout, stderr } = await run(line);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(expected);
      expect(stderr).toContain(usage);
      expect(stderr).not.toContain('    at ');
      if (line.includes(' '))
        expect(stderr.match(/npm run/g)).toHaveLength(line === 'api-key toString' ? 3 : 1);
    },
  );

  it.each([
    [
      '--help',
      [
        'api-key -- create',
        'initial-access-token -- revoke ID',
        'expire-unused',
        'migrate',
        'backup',
        'restore',
      ],
    ],
    ['api-key --help', ['api-key -- create', 'api-key -- list', 'api-key -- revoke']],
    ['api-key create --help', ['api-key -- create']],
    ['api-key create --name x -h', ['api-key -- create']],
    ['initial-access-token create --help', ['initial-access-token -- create']],
    ['expire-unused --help', ['expire-unused']],
    ['migrate --help', ['migrate']],
    ['backup --help', ['backup -- FILE']],
  ])('%s prints the usage and exits with 0', async (line, usages) => {
    const { code, stdout, stderr } = await run(line);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const usage of usages) expect(stdout).toContain(`npm run ${usage}`);
    if (usages.length < 5) expect(stdout.match(/npm run/g)).toHaveLength(usages.length);
    for (const printed of stdout.split('\n')) expect(printed.length).toBeLessThanOrEqual(100);
  });

  it('npm run api-key says before a build how to make one, and the other commands run the same file', async () => {
    for (const file of ['package.json', 'cli.js']) await copyFile(file, join(directory, file));
    const { status, stderr } = spawnSync('npm', ['run', '--silent', 'api-key', '--', 'list'], {
      cwd: directory,
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: 'The service is not built yet: run "npm start" first, or "npm run build".\n',
    });
    const { scripts } = JSON.parse(await readFile('package.json', 'utf8')) as { scripts: object };
    const commands = ['api-key', 'initial-access-token', 'expire-unused', 'migrate', 'backup', 'restore'];
    expect(scripts).toMatchObject(Object.fromEntries(commands.map((name) => [name, `node cli.js ${name}`])));
  });
});
