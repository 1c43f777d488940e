import { loadConfusables } from '../../../../src/policy/names/confusables.js';
import { reservedNameIn } from '../../../../src/policy/reserved-name.js';

const skeleton = loadConfusables();
const SYLLABLES = [
  'ac',
  'me',
  'glo',
  'bex',
  'mic',
  'ro',
  'soft',
  'zen',
  'net',
  'bank',
  'ton',
  'vis',
  'pow',
  'la',
];
/** Different names of three syllables. */
const reservedNames = (count: number) =>
  Array.from({ length: count }, (_, i) =>
    [i, Math.floor(i / 14) + i, Math.floor(i / 196) + 3].map((at) => SYLLABLES[at % 14]).join(''),
  );
/** `length` of the characters, other ones for each `i`. */
const mixed = (characters: string, i: number, length = 24) =>
  Array.from({ length }, (_, at) => [...characters][(i * 7 + at * at + at * i) % characters.length]).join('');

describe('A name that resembles no reserved name', () => {
  const comparisons = (entries: string[], names: string[]) => {
    const reservedIn = reservedNameIn(entries, skeleton);
    const compares = jest.spyOn(String.prototype, 'includes');
    const found = names.map(reservedIn);
    const count = compares.mock.calls.length;
    compares.mockRestore();
    expect(new Set(found)).toEqual(new Set([undefined]));
    return count;
  };

  it.each([
    ['letters', 'qdhjkwyf '],
    ['signs that are read as letters', 'g0@$3!1|5+()[]{}€£¢'],
    ['letters drawn by several characters', 'rnvvclIl1|00'],
    ['letters of several scripts', 'qЯя4 ɋɋ|.-3№k'],
  ])(
    'is compared with ten times as many reserved names in less than three times as many steps: %s',
    (_, characters) => {
      const names = Array.from({ length: 20 }, (_, i) => mixed(characters, i));
      for (const written of [(entry: string) => entry, (entry: string) => `*${entry}*`]) {
        const [few, many] = [50, 500].map((count) => comparisons(reservedNames(count).map(written), names));
        expect(many).toBeLessThan(3 * few!);
      }
    },
  );
});
