import { loadConfusables } from '../../../../src/policy/names/confusables.js';
import { reservedNameIn } from '../../../../src/policy/reserved-name.js';

describe('Look-alikes of reserved names', () => {
  const entries = [
    'Microsoft',
    'Acme',
    'dock',
    'Claude',
    'Bing',
    'PayPal',
    'Wise',
    'Sunny',
    'Drive',
    '*globex*',
  ];
  const posesAs = reservedNameIn(entries, loadConfusables());

  it.each([
    // By several
    ['nnicrosoft', 'Microsoft'],
    ['rnicrosoft', 'Microsoft'],
    ['rriicrosoft', 'Microsoft'],
    ['IVIicrosoft', 'Microsoft'],
    ['lvlicrosoft', 'Microsoft'],
    ['ІⅤІicrosoft', 'Microsoft'],
    ['|\\/|icrosoft 365', 'Microsoft'],
    ['The /\\/\\icrosoft App', 'Microsoft'],
    ['/\\cme', 'Acme'],
    ['/-\\cme Inc', 'Acme'],
    ['Ac|\\/|e', 'Acme'],
    ['Acnne', 'Acme'],
    ['clock', 'dock'],
    ['сlock', 'dock'],
    ['c|ock', 'dock'],
    ['daude', 'Claude'],
    ['vvise', 'Wise'],
    ['\\/\\/ise', 'Wise'],
    ['Sumy', 'Sunny'],
    ['Dnve', 'Drive'],
    ['|3ing', 'Bing'],
    ['I3ing', 'Bing'],
    ['My G|_obex', '*globex*'],
    ['My gl()bex', '*globex*'],
    // By a sign, a mark, a ligature
    ['^cme', 'Acme'],
    ['6ing', 'Bing'],
    ['M¡crosoft', 'Microsoft'],
    ['Microsoﬅ', 'Microsoft'],
    ['ᴩaypal', 'PayPal'],
    ['Micɾosoft', 'Microsoft'],
    ['Ac\u2de8e', 'Acme'],
    ['M\ua676crosoft', 'Microsoft'],
    // By a bar, before a name and in it
    ['ㅣAcme', 'Acme'],
    ['ᅵAcme', 'Acme'],
    ['Paypaㅣ', 'PayPal'],
    ['A\u{16f40}cme', 'Acme'],
    ['เAcme', 'Acme'],
    // By a letter of a script that is not mixed with Latin
    ['AcⵎE', 'Acme'],
    ['Paypaי', 'PayPal'],
    ['Acmᥱ', 'Acme'],
    ['\u{16f00}Acme', 'Acme'],
    ['Glo\u{10a6d}ex Tools', '*globex*'],
  ])('%j poses as %j', (name, entry) => {
    expect(posesAs(name)).toBe(entry);
  });

  it.each([
    'Acne Studio',
    'Acorn',
    'Clock',
    'The Clock App',
    'Daude',
    'Microscope',
    'Wide',
    'Sunday',
    'Dive',
    'Binge',
    'Acmé를 위한 도구',
    'Акме',
    'Acм Tools',
    'Инструменты для Acme',
    'ⴰⵎⴰⵣⵉⵖ',
    'ᏣᎳᎩ ᎦᏬᏂᎯᏍᏗ',
    'किताब',
    'Tools (for Acme)',
    'C++ <> Rust',
    'λFunctions',
    'µTorrent',
  ])('accepts %s', (name) => {
    expect(posesAs(name)).toBeUndefined();
  });
});
