import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { readEnvFile } from '../../../src/config/env-file.js';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'registry-env-file-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

async function read(content: string | Buffer) {
  const path = join(directory, '.env');
  await writeFile(path, content);
  const { variables, faults } = readEnvFile(path, (name) => (name === 'NEAR' ? 'NEAR is a miss' : undefined));
  return { variables, faults: faults.map((fault) => fault.replaceAll(path, '.env')) };
}

describe('A file of variables', () => {
  it.each([
    ['plain', 'A=1\nB=two words \n', { A: '1', B: 'two words' }],
    ['comments and empty lines', '# A=0\n\n# B=0\nA=1 # one\nB= # none\n', { A: '1', B: '' }],
    ['export', 'export A=1\n  export B="2"\n', { A: '1', B: '2' }],
    ['spaces', '  A = 1\nB= "2" \n', { A: '1', B: '2' }],
    ['CRLF', 'A=1\r\nB="2"\r\n\r\n# x\r\n', { A: '1', B: '2' }],
    [
      'a line break in a value',
      'A="x\ny"\nB=\'\n# no comment\n\' # c\nC=`q"\n\'w`\n',
      {
        A: 'x\ny',
        B: '\n# no comment\n',
        C: 'q"\n\'w',
      },
    ],
    ['an escaped line break', 'A="a\\nb"\nB=\'a\\nb\'\n', { A: 'a\nb', B: 'a\\nb' }],
    ['the last of two', 'A=1\nA=2\n', { A: '2' }],
    [
      'values with = and quotes inside',
      'A=x=y==\nB=it\'s\nC="a # b"\n',
      { A: 'x=y==', B: "it's", C: 'a # b' },
    ],
    ['names of other programs', 'npm_config_a.b-c=1\n_=2\n', { 'npm_config_a.b-c': '1', _: '2' }],
    ['empty', '', {}],
  ])('%s: is read as Node.js reads it', async (_, text, variables) => {
    expect(await read(text)).toEqual({ variables, faults: [] });
    expect({ ...parseEnv(text) }).toEqual(variables);
  });

  it('that is missing is empty', () => {
    const missing = join(directory, 'missing');
    expect(readEnvFile(missing, () => undefined)).toEqual({ variables: {}, faults: [] });
  });

  it.each([
    ['a byte order mark', '\uFEFFA=1\nB=2'],
    ['an indented comment', 'A=1\n\n  # C=3\nB=2'],
    ['lines that end with CR alone', 'A=1\rB=2\r'],
    ['a byte order mark and CRLF', '\uFEFFA=1\r\nB=2\r\n'],
  ])('%s: keeps every line', async (_, text) => {
    expect(await read(text)).toEqual({ variables: { A: '1', B: '2' }, faults: [] });
  });

  it.each([
    ['UTF-16, little endian', Buffer.from('\uFEFFA=1\n', 'utf16le'), '.env is UTF-16: save it as UTF-8'],
    [
      'UTF-16, big endian',
      Buffer.from('\uFEFFA=1\n', 'utf16le').swap16(),
      '.env is UTF-16: save it as UTF-8',
    ],
    [
      'UTF-16 without a mark',
      Buffer.from('A=1\n', 'utf16le'),
      '.env line 1 has a NUL byte: save the file as UTF-8 text',
    ],
    ['a NUL byte', 'A=1\nB=\0\n', '.env line 2 has a NUL byte: save the file as UTF-8 text'],
    [
      'Windows-1252',
      Buffer.from('A=1\nB=\xe9\n', 'latin1'),
      '.env line 2 is not UTF-8: save the file as UTF-8 text',
    ],
  ])('%s: is rejected as a whole', async (_, content, fault) => {
    expect(await read(content)).toEqual({ variables: {}, faults: [fault] });
  });

  it.each([
    ['no sign', 'A', 'is not an assignment: write NAME=VALUE'],
    ['a colon', 'A: 1', 'is not an assignment: write NAME=VALUE'],
    ['no name', '=1', 'is not an assignment: write NAME=VALUE'],
    ['a name with a space', 'A B=1', 'is not an assignment: write NAME=VALUE'],
    ['a quoted name', '"A"=1', 'is not an assignment: write NAME=VALUE'],
    ['a name behind a no-break space', '\u00A0A=1', 'is not an assignment: write NAME=VALUE'],
    ['a second byte order mark', '\uFEFFA=1', 'is not an assignment: write NAME=VALUE'],
    ['export and no assignment', 'export A', 'is not an assignment: write NAME=VALUE'],
    ['an open quote', 'A="1', 'has a quote that is not closed'],
    ['text after a quoted value', "A='it's'", 'has text after the closing quote'],
    ['a quote that ends in the next assignment', 'A="1\nC="3"', 'has text after the closing quote'],
    ['a # in the value', 'A=p#w', 'has a # in its value, which would end there: put the value in quotes'],
    ['a # before the value', 'A=#w', 'has a # in its value, which would end there: put the value in quotes'],
    ['a near miss', 'NEAR=1', ': NEAR is a miss'],
  ])('%s: names the line, and all others are read', async (_, line, fault) => {
    const { variables, faults } = await read(`X=1\n\n${line}\nY=2\n`);
    expect(faults).toEqual([`.env line 3${fault.startsWith(':') ? '' : ' '}${fault}`]);
    expect(variables).toEqual({ X: '1', Y: '2' });
  });
});
