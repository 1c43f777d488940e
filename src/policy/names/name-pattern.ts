/** Texts of one place of a pattern, each as the characters that its places may have. */
type Alternatives = readonly (readonly string[])[];

/** What a text is compared with: its places in order. */
export type NamePattern = readonly Alternatives[];

/** One of these characters, or none. */
export const optional = (characters: string): Alternatives => [[characters], []];

/** The pattern with `place` between each two of its places. */
export const spaced = (pattern: NamePattern, place: Alternatives): NamePattern =>
  pattern.flatMap((each, index) => (index === 0 ? [each] : [place, each]));

/** What patterns have in common that begin with the same places. */
interface Branch<T> {
  /** How each goes on; by place. */
  next: Map<string, { place: Alternatives; branch: Branch<T> }>;
  /** Of the patterns that end here. */
  values: T[];
}

const newBranch = <T>(): Branch<T> => ({ next: new Map(), values: [] });

/** Patterns with a value for each. Places that several begin with are compared once, so that the effort grows little with their number. */
export class NamePatterns<T> {
  private readonly root = newBranch<T>();

  add(pattern: NamePattern, value: T): void {
    let branch = this.root;
    for (const place of pattern) {
      const key = JSON.stringify(place);
      const known = branch.next.get(key) ?? { place, branch: newBranch<T>() };
      branch.next.set(key, known);
      ({ branch } = known);
    }
    branch.values.push(value);
  }

  /**
   * Finds the patterns that begin at one of `starts` in a text, and where they can end. All ways are followed at once, so that the effort is
   * at most the product of the lengths: a regular expression backtracks exponentially in a run of letters that may be any or none.
   */
  *matches(
    text: readonly string[],
    starts: readonly number[],
  ): Generator<{ value: T; ends: readonly number[] }> {
    const waiting = [{ branch: this.root, ends: starts }];
    for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
      for (const value of at.branch.values) yield { value, ends: at.ends };
      for (const { place, branch } of at.branch.next.values()) {
        const ends = endsOf(place, text, at.ends);
        if (ends.length > 0) waiting.push({ branch, ends });
      }
    }
  }
}

const NONE: readonly number[] = [];

function endsOf(
  alternatives: Alternatives,
  text: readonly string[],
  starts: readonly number[],
): readonly number[] {
  let ends: Set<number> | undefined;
  for (const start of starts) {
    for (const places of alternatives) {
      if (fits(places, text, start)) (ends ??= new Set()).add(start + places.length);
    }
  }
  return ends === undefined ? NONE : [...ends];
}

function fits(places: readonly string[], text: readonly string[], at: number): boolean {
  for (let place = 0; place < places.length; place++) {
    const character = text[at + place];
    if (character === undefined || !places[place]!.includes(character)) return false;
  }
  return true;
}
