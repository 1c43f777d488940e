import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { createDatabase } from '../../support/databases.js';
import { Program } from '../../support/process.js';

const KEY = 'a-bootstrap-key-of-more-than-32-characters';

let directory: string;
let programs: Program[];
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'registry-configuration-'));
  programs = [];
});
afterEach(async () => {
  for (const program of programs) program.signal('SIGKILL');
  await Promise.all(programs.map(({ ended }) => ended));
  await rm(directory, { recursive: true, force: true });
});

const writeEnvFile = (content: string | Buffer) => writeFile(join(directory, '.env'), content);

function run(script: 'main.js' | 'cli.js', env: Record<string, string>, args: string[] = []): Program {
  const program = new Program(script, { cwd: directory, env, args });
  programs.push(program);
  return program;
}

/** Both programs, since both read the configuration. */
const PROGRAMS = [
  ['main.js', []],
  ['cli.js', ['api-key', 'list']],
] as const;

async function refusals(env: Record<string, string> = {}): Promise<string[]> {
  const outputs = [];
  for (const [script, args] of PROGRAMS) {
    const program = run(script, { PORT: '0', ...env }, [...args]);
    // Or a start that should have failed would be waited for
    const started = program.says(/Listening on/).catch(() => program.ended);
    const code = await Promise.race([program.ended, started]);
    expect({ script, code, stdout: program.stdout }).toEqual({ script, code: 1, stdout: '' });
    outputs.push(program.stderr);
  }
  expect(outputs[1]).toBe(outputs[0]);
  expect(existsSync(join(directory, 'data'))).toBe(false);
  return outputs[0]!.trimEnd().split('\n');
}

const register = async (url: string) =>
  (
    await fetch(`${url}/v2/oauth/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{}',
    })
  ).status;

describe('.env', () => {
  it('with a byte order mark keeps its first line: registration stays closed', async () => {
    await writeEnvFile('\uFEFFREGISTRATION_MODE=closed\r\nPORT=0\r\n');
    const url = await run('main.js', {}).says(/Listening on (http:\/\/\S+)/);
    expect(await register(url)).toBe(403);
  });

  it('in UTF-16 stops every command with one line', async () => {
    await writeEnvFile(Buffer.from('\uFEFFDATABASE_URL=sqlite:mine.sqlite\r\n', 'utf16le'));
    expect(await refusals()).toEqual(['.env is UTF-16: save it as UTF-8']);
  });

  it('that cannot be read stops every command with one line', async () => {
    await mkdir(join(directory, '.env'));
    expect(await refusals()).toEqual(['Cannot read .env: it is a directory']);
  });

  it('with faults stops every command with a line for each, and one for each value that cannot be used', async () => {
    await writeEnvFile(
      'REGISTRATION_MODE closed\nREGISTATION_MODE=closed\nDATABASE_URI=sqlite:mine.sqlite\nPORT=http\n',
    );
    expect(await refusals({ PORT: '', LOG_LEVEL: 'loud' })).toEqual([
      '.env line 1 is not an assignment: write NAME=VALUE',
      '.env line 2: REGISTATION_MODE is not a variable of this service; did you mean REGISTRATION_MODE? Set REGISTRATION_MODE, or remove REGISTATION_MODE',
      '.env line 3: DATABASE_URI is not a variable of this service; did you mean DATABASE_URL? Set DATABASE_URL, or remove DATABASE_URI',
      expect.stringMatching(/^LOG_LEVEL takes /),
    ]);
  });
});

describe('the environment', () => {
  it.each([
    ['DATABASE_URI', 'DATABASE_URL'],
    ['DB_URL', 'DATABASE_URL'],
    ['POSTGRES_URL', 'DATABASE_URL'],
    ['REGISTATION_MODE', 'REGISTRATION_MODE'],
  ])('with %s stops every command and asks for %s', async (given, meant) => {
    expect(await refusals({ [given]: 'closed' })).toEqual([
      `${given} is not a variable of this service; did you mean ${meant}? Set ${meant}, or remove ${given}`,
    ]);
  });

  it('with several faults stops every command with a line for each', async () => {
    const lines = await refusals({
      PORT: 'http',
      DATABASE_URL: 'postgres://u:hunter%2@db/r',
      REDIS_URL: 'redis://u:hunter%2@redis',
      AUTH_JWT_ISSUER: 'https://issuer.example',
    });
    expect(lines).toEqual([
      expect.stringMatching(/^PORT takes /),
      'DATABASE_URL has a % that begins no escape: write %25 for a percent sign',
      'REDIS_URL has a % that begins no escape: write %25 for a percent sign',
      expect.stringMatching(/^AUTH_JWT_AUDIENCE takes /),
    ]);
  });
});

describe('DATABASE_URL', () => {
  it('names a socket as libpq does', async () => {
    const database = await createDatabase('postgres');
    const { username, password, port, pathname } = new URL(database.url);
    const program = run('main.js', {
      PORT: '0',
      BOOTSTRAP_API_KEY: KEY,
      DATABASE_URL: `postgresql://${username}:${password}@${pathname}?host=${await socketDirectory(database.url)}&port=${port}`,
    });
    const url = await program.says(/Listening on (http:\/\/\S+)/);
    expect(await register(url)).toBe(201);
    await program.stop();
    await database.drop();
  });

  it('with a socket that is not there stops the start with one line, without the password', async () => {
    const program = run('main.js', {
      PORT: '0',
      DATABASE_URL: 'postgresql://registry:sesame@/registry?host=/nowhere',
    });
    expect(await program.ended).toBe(1);
    expect(program.stderr).toBe(
      'Cannot open the database /nowhere/registry: nothing listens there. See DATABASE_URL.\n',
    );
    expect(program.stderr).not.toContain('sesame');
  });
});

async function socketDirectory(url: string): Promise<string> {
  const client = new pg.Client(url);
  await client.connect();
  const { rows } = await client.query<{ unix_socket_directories: string }>('SHOW unix_socket_directories');
  await client.end();
  return rows[0]!.unix_socket_directories.split(',')[0]!;
}
