import { spawn } from 'node:child_process';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ERROR_STATUS } from '../../src/errors/registry-error.js';
import type { Program } from '../support/process.js';
import { directory, start, startProgramsPerTest, URL_LINE } from '../support/programs.js';

/** Pages whose `sh` blocks are run from top to bottom, with the configuration that they ask for. */
const PAGES: Record<string, Record<string, string>> = {
  'README.md': {},
  'docs/getting-started.md': {},
  'docs/guides/admin-graphql.md': {},
  'docs/guides/authorization-servers.md': {},
  'docs/guides/console.md': {},
  'docs/guides/dynamic-registration.md': {},
  'docs/guides/identity-and-roles.md': {},
  'docs/guides/open-registration.md': {
    REGISTRATION_MAX_UNUSED: '10000',
    REGISTRATION_UNUSED_TTL: '30d',
    REGISTRATION_REUSE: 'true',
    REGISTRATION_RESERVED_NAMES: 'Acme, Example Desktop',
    REGISTRATION_REDIRECT_HOSTS: 'localhost 127.0.0.1 [::1] *.example.com cursor:',
  },
  'docs/guides/rest-api.md': {},
  'docs/guides/tokens.md': { AUTHORIZATION_RESOURCES: 'https://api.example=jwt https://mcp.example/mcp' },
  'docs/operations/deployment.md': {},
  'docs/operations/upgrades.md': {},
};

/** Command lines of these pages that are not run again here, each with the reason. */
const NOT_RUN: Record<string, string> = {
  'npm ci && npm start':
    '.ci/run installs and npm test builds; a build would replace dist/ below other tests. The service is started as npm start does it.',
  'npm test': 'this test is a part of it',
  'npm test -- test/unit': 'npm test includes it',
  'npm run dev': 'it runs until it is stopped',
  'npm run lint': '.ci/run runs it',
  'npm run typecheck': '.ci/run runs it',
  'npm run schema': 'it writes files that npm test compares',
};

interface Block {
  language: string;
  text: string;
  /** Its position in the page. */
  at: number;
}

interface Step {
  script: string;
  /** What the page shows as its output, if it shows it. */
  reply?: Block;
}

const blocksOf = (page: string): Block[] =>
  [...page.matchAll(/^```(\w*)\n([^]*?)^```$/gm)].map((match) => {
    const [, language, text] = match as unknown as [string, string, string];
    return { language, text, at: match.index + `\`\`\`${language}\n`.length };
  });

const isRun = (line: string) => !(line.replace(/\s+#.*$/, '') in NOT_RUN);

function stepsOf(page: string): Step[] {
  const blocks = blocksOf(page);
  return blocks.flatMap(({ language, text }, index) => {
    if (language !== 'sh') return [];
    const script = text.split('\n').filter(isRun).join('\n');
    const next = blocks[index + 1];
    return [{ script, ...(['json', 'text'].includes(next?.language ?? '') && { reply: next }) }];
  });
}

/** Nothing of it is run: it is the start of the service, and its reply a part of what the service printed. */
const isEmpty = ({ script }: Step) => script.trim() === '';

/** The address that pages show. */
const REGISTRY = 'http://127.0.0.1:3000';

const END_OF_STEP = '\u0001';

/** Runs all steps in one bash, which ends at the first command that fails. Answers what each printed. */
async function run(steps: Step[], env: Record<string, string>): Promise<string[]> {
  const script = [
    'set -euo pipefail',
    'shopt -s inherit_errexit',
    // Keeps the header of each reply in a file that is named after its step
    'curl() { command curl --dump-header "$(mktemp "$HEADERS/$STEP.XXXXXX")" "$@"; }',
    ...steps.flatMap(({ script }, index) => [`STEP=${index}`, script, `printf '${END_OF_STEP}'`]),
  ].join('\n');
  const shell = spawn('bash', ['-s'], { env, stdio: ['pipe', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  shell.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
  shell.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  shell.stdin.end(script);
  const code = await new Promise((done) => shell.once('close', done));
  const outputs = stdout.split(END_OF_STEP);
  const last = outputs.pop();
  expect({ code, stderr, step: steps[outputs.length]?.script, printed: last }).toEqual({
    code: 0,
    stderr: '',
    step: undefined,
    printed: '',
  });
  return outputs;
}

/** The statuses of 400 and more that a page announces: of the error that it shows, or in a line that begins with a status. */
function announcedErrors({ reply }: Step): number[] {
  if (reply?.language === 'json') {
    const { error } = JSON.parse(reply.text) as { error?: keyof typeof ERROR_STATUS };
    return error ? [ERROR_STATUS[error]] : [];
  }
  return (reply?.text.match(/(?<=^(?:HTTP\/1\.1 )?)[45]\d\d\b/gm) ?? []).map(Number);
}

async function receivedErrors(headers: string, step: number): Promise<number[]> {
  const names = (await readdir(headers)).filter((name) => name.startsWith(`${step}.`));
  const heads = await Promise.all(names.map((name) => readFile(join(headers, name), 'utf8')));
  return heads.map((head) => Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1])).filter((status) => !(status < 400));
}

/** What differs from one run to the next. */
const VARYING: [RegExp, string][] = [
  [/[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[\da-f]{4}-[\da-f]{12}/g, 'UUID'],
  [/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME'],
  [/\b\d{4}-\d\d-\d\d\b/g, 'DATE'],
  [/\b(oc[ri]_)[\w-]*…?/g, '$1…'],
  [/"[\w-]{43}"/g, '"SECRET"'],
  [/(?<="hint": )"[\w-]{4}"/g, '"HINT"'],
  [/…[\w-]{4}(?= )/g, '…HINT'],
  [/(?<="(?:client_id_issued_at|iat|exp)": ?)\d+/g, '0'],
  [/(?<=;[rt]=)\d+/g, '0'],
];

function comparable(text: string, isJson: boolean): string {
  const formatted = isJson ? JSON.stringify(JSON.parse(text), null, 1) : text.replaceAll('\r', '').trim();
  return VARYING.reduce((result, [pattern, name]) => result.replace(pattern, name), formatted);
}

/** `WRITE_REPLIES=1` writes the replies that are not as shown into the page. Prettier lays them out. */
async function writeReplies(path: string, url: string, outputs: string[]): Promise<void> {
  let page = await readFile(path, 'utf8');
  for (const [index, step] of [...stepsOf(page).entries()].reverse()) {
    const { reply } = step;
    if (!reply || isEmpty(step)) continue;
    const isJson = reply.language === 'json';
    const output = outputs[index]!.replaceAll(url, REGISTRY).replace(/\b(oc[ri]_)[\w-]+/g, '$1…');
    const shown = reply.text.trim() === '' ? reply.text : comparable(reply.text, isJson);
    if (comparable(output, isJson) === shown) continue;
    const text = isJson ? JSON.stringify(JSON.parse(output)) : output.replaceAll('\r', '').trim();
    page = `${page.slice(0, reply.at)}${text}\n${page.slice(reply.at + reply.text.length)}`;
  }
  await writeFile(path, page);
}

startProgramsPerTest();

async function begin(env: Record<string, string>): Promise<{ service: Program; url: string; key: string }> {
  const service = start(env);
  const key = await service.says(/shown this once: (ocr_\S+)/);
  return { service, key, url: await service.says(URL_LINE) };
}

it.each(Object.keys(PAGES))(
  '%s: every command succeeds, and replies are those that the page shows',
  async (path) => {
    const env = PAGES[path]!;
    const { service, url, key } = await begin(env);
    const page = (await readFile(path, 'utf8'))
      .replace(/^export REGISTRY=.*/gm, `export REGISTRY=${url}`)
      .replace(/^export API_KEY=.*/gm, `export API_KEY=${key}`);
    const steps = stepsOf(page);
    const headers = join(directory, 'headers');
    await mkdir(headers);
    const outputs = await run(steps, {
      PATH: process.env.PATH!,
      HOME: process.env.HOME ?? directory,
      HEADERS: headers,
      DATABASE_URL: `sqlite:${directory}/data/registry.sqlite`,
      ...env,
    });
    if (process.env.WRITE_REPLIES) return writeReplies(path, url, outputs);
    for (const [index, step] of steps.entries()) {
      const { script, reply } = step;
      expect({ script, errors: await receivedErrors(headers, index) }).toEqual({
        script,
        errors: announcedErrors(step),
      });
      if (!reply) continue;
      const isJson = reply.language === 'json';
      if (isEmpty(step)) {
        const started = comparable(service.stdout.replaceAll(url, REGISTRY), false);
        expect(started).toContain(comparable(reply.text, isJson));
        continue;
      }
      const printed = comparable(outputs[index]!.replaceAll(url, REGISTRY), isJson);
      expect({ script, printed }).toEqual({ script, printed: comparable(reply.text, isJson) });
    }
  },
  300_000,
);

it('every command that is not run is on one of these pages', async () => {
  const pages = await Promise.all(Object.keys(PAGES).map((path) => readFile(path, 'utf8')));
  const lines = pages
    .flatMap(blocksOf)
    .flatMap(({ language, text }) => (language === 'sh' ? text.split('\n') : []));
  expect(
    [...new Set(lines.filter((line) => !isRun(line)).map((line) => line.replace(/\s+#.*$/, '')))].sort(),
  ).toEqual(Object.keys(NOT_RUN).sort());
});
