/** Texts of one place of a pattern, each as the characters that its places may have. */
type Alternatives = readonly (readonly string[])[];

/** What a text is compared with: its places in order. */
export type NamePattern = readonly Alternatives[];

/** One of these characters, or none. */
export const optional = (characters: string): Alternatives => [[characters], []];

/** The pattern with `place` between each two of its places. */
export const spaced = (pattern: NamePattern, place: Alternatives): NamePattern =>
  pattern.flatMap((each, index) => (index === 0 ? [each] : [place, each]));

/**
 * Returns where the pattern can end in a text if it begins at one of `starts`. All ways are followed at once, so that the effort is at most
 * their product: a regular expression backtracks exponentially in a run of letters that may be any or none.
 */
export function endsOf(pattern: NamePattern, text: readonly string[], starts: readonly number[]): number[] {
  let ends = starts;
  for (const alternatives of pattern) {
    const next = new Set<number>();
    for (const end of ends) {
      for (const places of alternatives) if (fits(places, text, end)) next.add(end + places.length);
    }
    if (next.size === 0) return [];
    ends = [...next];
  }
  return [...ends];
}

function fits(places: readonly string[], text: readonly string[], at: number): boolean {
  for (let place = 0; place < places.length; place++) {
    const character = text[at + place];
    if (character === undefined || !places[place]!.includes(character)) return false;
  }
  return true;
}
