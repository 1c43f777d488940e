import { loadConfusables } from '../../src/clients/confusables.js';
import { isReservable, nameFolder, reservedNameIn } from '../../src/clients/policy/reserved-name.js';

const skeleton = loadConfusables();
const reservedIn = reservedNameIn(['Claude Desktop', 'OpenAI', 'Müller & Söhne', '例え話'], skeleton);

it.each<[string, string | undefined]>([
  ['Claude Desktop', 'Claude Desktop'],
  ['claude desktop', 'Claude Desktop'],
  ['CLAUDE DESKTOP', 'Claude Desktop'],
  ['ClaudeDesktop', 'Claude Desktop'],
  ['C l a u d e - D.e.s.k.t.o.p', 'Claude Desktop'],
  ['The official Claude Desktop (Windows)', 'Claude Desktop'],
  // A capital I, a digit, a bar
  ['CIaude Desktop', 'Claude Desktop'],
  ['C1aude Desktop', 'Claude Desktop'],
  ['C|aude Desktop', 'Claude Desktop'],
  ['Claude Deskt0p', 'Claude Desktop'],
  // Cyrillic, Greek, small capitals, full width, mathematical, circled, accents, struck through, with a variation
  ['Сlаudе Dеsktор', 'Claude Desktop'],
  ['Claude Deskτop', 'Claude Desktop'],
  ['Сlаudе Dеsктор', 'Claude Desktop'],
  ['ᴄʟᴀᴜᴅᴇ ᴅᴇsᴋᴛᴏᴘ', 'Claude Desktop'],
  ['Ｃｌａｕｄｅ　Ｄｅｓｋｔｏｐ', 'Claude Desktop'],
  ['𝓒𝓵𝓪𝓾𝓭𝓮 𝕯𝖊𝖘𝖐𝖙𝖔𝖕', 'Claude Desktop'],
  ['Ⓒⓛⓐⓤⓓⓔ Desktop', 'Claude Desktop'],
  ['Clàúdé Dešktöp', 'Claude Desktop'],
  ['C\u0336l\u0336aude Desktop', 'Claude Desktop'],
  ['Claude\ufe0f Desktop', 'Claude Desktop'],
  ['openai', 'OpenAI'],
  ['OPENAI Tools', 'OpenAI'],
  ['OpenAl', 'OpenAI'],
  ['0penAI', 'OpenAI'],
  ['muller sohne', 'Müller & Söhne'],
  ['例え話', '例え話'],
  ['My Claude Desktop', 'Claude Desktop'],
  ['Claude Desktop for Windows', 'Claude Desktop'],
  ['(Claude) Desktop', 'Claude Desktop'],
  ['Claude', undefined],
  ['Desktop Claude', undefined],
  ['Tools for Claude Desktop', undefined],
  ['Claude Desktops', undefined],
  ['Open source AI', undefined],
  ['Клод', undefined],
  ['例え', undefined],
  ['', undefined],
  ['🙂', undefined],
])('%j poses as %j', (name, expected) => {
  expect(reservedIn(name)).toBe(expected);
});

describe('With acme and *globex* reserved', () => {
  const posesAs = reservedNameIn(['acme', '*globex*', 'The Herald'], skeleton);

  it.each([
    'Acme',
    'ACME',
    'Acme Inc',
    'Acme, Inc.',
    "Acme's App",
    'The Acme App',
    'Official Acme',
    'The Official Acme App',
    'my acme',
    'A.c.m.e',
    'Αcmе',
    'Тhе Асmе',
    'ОffісіаI Acme',
    'Ａｃｍｅ Inc',
    'A\u0301cme App',
    '"Acme"',
    'Acme™',
    '™Acme',
    'The™ Acme',
    'Acme℠ Desktop',
    'Acmeᵀᴹ',
    'Acme²',
    '①Acme',
    'AcmeـApp',
    'Acme🅪',
  ])('%s poses as acme', (name) => {
    expect(posesAs(name)).toBe('acme');
  });

  it.each([
    'Claude Code (acme)',
    'Executor for Acme',
    'Acmeister',
    'AcmeTools',
    'The New Acme',
    'Not Acme',
    'the',
    'Herald',
  ])('%s poses as nobody', (name) => {
    expect(posesAs(name)).toBeUndefined();
  });

  it.each(['Globex', 'Tools for Globex', 'megaglobexes', 'GIоbех', 'glo™bex'])(
    '%s has globex in it',
    (name) => {
      expect(posesAs(name)).toBe('*globex*');
    },
  );

  it.each(['The Herald', 'the herald app', 'My The Herald'])('%s has an article of its own', (name) => {
    expect(posesAs(name)).toBe('The Herald');
  });
});

it('folds a name to words of letters and digits, however it is written', () => {
  const fold = nameFolder(skeleton);
  expect(fold('My Editor 2')).toEqual(['rny', 'edltor', '2']);
  expect(fold('ＭＹ-ЕDІТОR (2)')).toEqual(['rny', 'edltor', '2']);
});

it.each([
  ['abc', true],
  ['a-b-c', true],
  ['例え話', true],
  ['*abc*', true],
  ['abc*', false],
  ['*abc', false],
  ['a*bc', false],
  ['**abc**', false],
  ['*ab*', false],
  ['ab', false],
  ['a b', false],
  ['...', false],
  ['🙂🙂🙂', false],
])('%j can be reserved: %s', (value, expected) => {
  expect(isReservable(value)).toBe(expected);
});

it.each([
  ['ordinary', 'Visual Studio Code', 0.1],
  ['of other letters', 'Сlаudе Dеsktор for somebody else', 0.2],
  // The most that a request can bring is a hundred of these: a few milliseconds
  ['as long as it may be', 'т'.repeat(255), 1],
  ['of characters that stand for eighteen others', '\ufdfa'.repeat(215), 1],
  ['of letters with two marks each', 'ệ'.repeat(215), 1],
])('a name %s is looked at in microseconds: every registration is', (_, name, maxMs) => {
  for (let i = 0; i < 200; i++) reservedIn(name);
  const timesMs = Array.from({ length: 200 }, () => {
    const began = performance.now();
    reservedIn(name);
    return performance.now() - began;
  });
  timesMs.sort((a, b) => a - b);
  // In the median, and twenty times what was measured: a machine that is busy with something else is given time
  expect(timesMs[100]).toBeLessThan(maxMs);
});
