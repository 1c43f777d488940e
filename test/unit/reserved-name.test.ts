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
  ['Claude', undefined],
  ['Desktop Claude', undefined],
  ['Open source AI', undefined],
  ['Клод', undefined],
  ['例え', undefined],
  ['', undefined],
  ['🙂', undefined],
])('%j poses as %j', (name, expected) => {
  expect(reservedIn(name)).toBe(expected);
});

it('folds a name to letters and digits, however it is written', () => {
  const fold = nameFolder(skeleton);
  expect(fold('My Editor 2')).toBe('rnyedltor2');
  expect(fold('ＭＹ-ЕDІТОR (2)')).toBe('rnyedltor2');
});

it.each([
  ['abc', true],
  ['a-b-c', true],
  ['例え話', true],
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
