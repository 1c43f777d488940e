const lettersFrom = (first: number) =>
  Array.from({ length: 26 }, (_, place): [string, string] => [
    String.fromCodePoint(first + place),
    String.fromCharCode(0x61 + place),
  ]);

/** Symbols that show a Latin letter, and that no normalization makes one of. */
export const LETTER_SYMBOLS: ReadonlyMap<string, string> = new Map([
  // Unicode takes small capitals for letters of their own, and has none of x
  ...[...'ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡxʏᴢ'].map((capital, place): [string, string] => [
    capital,
    String.fromCharCode(0x61 + place),
  ]),
  // As it is drawn, not as it is spelled
  ['ﬅ', 'ft'],
  ...[...'ꙬꙭꚘꚙ♾ᴔ'].map((eyes): [string, string] => [eyes, 'oo']),
  // Negative circled, negative squared, of flags
  ...[0x1f150, 0x1f170, 0x1f1e6].flatMap(lettersFrom),
]);

/**
 * Characters that are drawn where a letter is meant, and that Unicode's confusables take for none: geometric shapes, bars, letterlike
 * and mathematical symbols, currency signs, Roman numerals, letters with strokes or hooks, letters that are written above others, and
 * letters of other scripts by their outline. Both cases are there, unless one of them looks like a letter to Unicode.
 */
const DRAWN_AS: Readonly<Record<string, string>> = {
  a: 'ΛλʌᴧΔ∆▲△▴▵🔺🔼⏶⟁∀⋀∧ДдѦѧ₳ɅȺⱥᶏⲀⲁⲆⲇⲖⲗᐃᐱᐞᗩꓥꓯ𐌀𐌰𐒰𐓘ⴷⵠ𐤠ɐᚨ卂\u0363\u1de7ⱯꜺꜻÆæ\u2df6\u2dfd\u2de3ልค',
  b: 'Бб฿ßƁɃᵬᶀꞖꞗⲂⲃ𐌱ᛒ𐤡乃\u1de8\u2de0\ua67aጌ',
  c: '¢₵©ↃↄϽϾ⊂⋐∁ƇƈȻɕꞒꞓꟄꞔᑕᑖᐸꓛ匚⊄⊆⊏⊑⋤\u0368\u1dd7ᥴ\u2dedር',
  d: 'ↁↇ₫∂ÐðÞ◗▷ƊƋȡᵭᶁᶑᑐᑑ⊃⊇⊐\u0369\u1dd8\u1dd9ዕ',
  e: '𝈡ɘєЄэЭεɛԐԑ∃ƎǝəℇΞξ∑Ʃ∈∊€ᶒⱸꬴⲈⲉᗴᕮᘿꓱ𐌄𐌴𐤤ⵟᏋꮛⲜⲝ乇∉∋∌∍⋲⋳⋴⋵⋶⋷⋸⋹⋺⋻⋼⋽⋾⋿\u0364\u1deaƐƏΣ\u2df7\ua674\ua69fቿ',
  f: '₣ƒᶂ𐌅𐍆Ⅎⅎꓞᚠꟻꟛ千\u1debቻ',
  g: '₲ƓꞠꞡᘜᎶꮆ\u1dda\u1ddbኗ',
  h: 'ЂђЋћⱨꞪꞕ𐌷ᚺᚻん卄\u036aዘ',
  j: 'ʝⵊフጋ',
  k: '₭ĸƘᶄⱪꝁꝂꝃꝄꝅꞢꞣҚқҜҝҞҟҠҡ𐌺\u1ddc\u2de6ጕ',
  l: '¡ꟾ⎸⎹│┃£₤∟⌊└ȴȽɬᶅⱠⱡⱢꝈꝉꞎꞭᶖ𐌹ⵑǃㄥ丨❘❙❚▏▎▍▌▐▕⎮⏐╎╏┆┇┊┋╵╷╽╿╹╻¦\u0365\u1ddd\u1dde\u1decꞁ⁞\u2de7\ua676ረเጎ',
  m: '₥ʍᶆⱮꬺ𐌌𐌼ᛗᘻ爪ꟽ\u036b\u1ddfɯ\u2de8ጠ',
  n: 'ИиЙйΠπп∩⋂₦ŋȠȵɲᶇꞐꞑꞤꞥꬻᑎᑏᘉ𐌽ՈղꓵⲠⲡŊ几ח\u1de0\u1de1ПՂ\u2de9\u2deb\ua675ክภ',
  o: 'ꙨꙩѺѻ○◯◌◍◎●◉◐◑◒◓◔◕◖◘◙◦⚪⚫⚬⭕⭘⭗⬤⏺⦿⦾⨀⨁⨂⊕⊖⊗⊘⊙⊚⊛⊜⊝∘∅⌀⌾⎔☉〇°ΦφФфΘθ🌑🌕🔘🔴🔵🟠🟡🟢🟣🟤🞅🞆🞇🞈🞉ⱺꝌꝍӨөⵙⵀᗝⲐⲑⲪⲫㄖロ口囗\u0366\u1dedΩ\u2dea\u2df4\ua69e\u2dfeዐ',
  p: 'Ƿƿ℘₱₽þ¶ƤᵱᶈⱣꝐꝑꝒꝓꝔꝕҎҏᎮꭾᎵꮅᚹ卩\u1dee\u2decየ',
  q: 'ɊɋꝖꝗꝘꝙᑫϘϙዒ',
  r: 'Яяг₹®ɌɾᵳᶉⱤꞦꞧꭉʁՐᚱⲄ尺\u036c\u1de2\u1de3\u1acdГր\u2de2ዪ',
  s: '§₴ʃ∫ςȿᶊⱾꞨꞩꟅꟉꟊᔕႽ𐍃丂\u1de4\u1de5ⴝነร',
  t: '†‡₮₸┬┳⊥ƬƫƪȶʈⱦҬҭᛏ𐍄Ꮦꮦㄒ丅十ナ✝✞✟✚➕⊤┯┰\u036d\u1ace\u2deeፕ',
  u: 'ႮⴎЦцµμ∪⋃⋓ЏџᶙꞸꞹɄʉԱⵡ𐌖ㄩ⊔⨆∐\u0367\u1df0\u2df0\u2df9ሁย',
  v: '√∨⋁▼▽▾▿∇🔻🔽ƲⱱⱴꝞꝟ✓✔⋎\u036eሀ',
  w: 'ШшЩщω₩ⱲⱳⲰⲱƜɯѠѡѾѿꙌꙍᗯᘺ山\u1df1\u1abf\u1ac0\u2df2\u2df3\ua67bሠฬ',
  x: '✕✖✗✘❌❎Жж⨯⨉ᶍꭖꭗꭘꭙҲҳӼӽӾӿ᙭╳⤫⤬☓乂メ㐅\u036f\u2def\u2de4ሸ',
  y: '¥ЧчΨψ⅄ƳỾʎҰұⲮⲯɣㄚƔ\ua677\u2df1ሃ',
  z: 'ζʐɀʑᶎⱫⱬⱿꟆᘔⲌⲍ𐌆ⵣ乙\u1de6\u2de5ጊ',
};
export const drawnLetters = new Map(
  Object.entries(DRAWN_AS).flatMap(([letter, characters]) =>
    [...characters].map((character) => [character, letter]),
  ),
);

/** Digits and signs that are read as a letter where one is expected. 0 and 1 look like one, and need no mention. */
const READ_AS: Partial<Record<string, string>> = {
  '2': 'z',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '6': 'g',
  '7': 't',
  '8': 'b',
  '9': 'g',
  '@': 'a',
  '^': 'a',
  $: 's',
  '!': 'l',
  '+': 't',
  '(': 'c',
  '<': 'c',
  '[': 'c',
};
/** The same where they are read as another letter. */
const ALSO_READ_AS: typeof READ_AS = { ...READ_AS, '6': 'b', '9': 'q', '#': 'h', '<': 'k' };
const READ_AS_LETTER = /[2-9@^#$!+(<[]/g;

export const lettersForSigns = [READ_AS, ALSO_READ_AS].map(
  (letters) => (text: string) => text.replace(READ_AS_LETTER, (sign) => letters[sign] ?? sign),
);

/**
 * Letters that are drawn by several characters, in the case in which they look so: "clock" looks like "dock", and "Clock" does not. They are
 * replaced in this order.
 */
const SEQUENCES: readonly (readonly [sequence: RegExp, letter: string])[] = [
  [/[Il1|!](?:[Vv]|\\\/)[Il1|!]|\/\\\/\\|\/[Vv]\\|nn|rri/g, 'M'],
  [/\\\/\\\/|\\\^\/|vv|VV|uu|UU/g, 'W'],
  [/[([]\)_|[O0]_/g, 'Q'],
  [/[Il1|!]\\[Il1|!]|\/\\\/|r[il|]/g, 'N'],
  [/[Il1|!)\]]-[Il1|!([]|\}\{/g, 'H'],
  [/[|([\\]_[|)\]/]|LJ|lJ/g, 'U'],
  [/-\|-|'\]\['/g, 'T'],
  [/\/[-_]?\\/g, 'A'],
  [/\\\//g, 'V'],
  [/[Il|][<{]|lc/g, 'K'],
  [/[Il|[][)>\]]/g, 'D'],
  [/[Il1|][38]/g, 'B'],
  [/[Il1|][2?]/g, 'R'],
  [/[Il|][*°]/g, 'P'],
  [/\|=/g, 'F'],
  [/[|1]_/g, 'L'],
  [/_\|/g, 'J'],
  [/cj/g, 'g'],
  [/ij|['`]\//g, 'Y'],
  [/\(\)|\[\]|<>|\{\}/g, 'O'],
  [/><|\)\(/g, 'X'],
  // A capital D does not look like this, so a small one gets a text of its own
  [/d|c[Il1|!]/g, 'dcl'],
];

/** Replaces letters that are drawn by several characters. */
export const joinSequences = (text: string) =>
  SEQUENCES.reduce((joined, [sequence, letter]) => joined.replace(sequence, letter), text);
