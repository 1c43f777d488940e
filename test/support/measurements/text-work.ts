/** What takes long for a long text: replacements of its parts, and code units that are brought into a form of Unicode. */
export interface TextWork {
  replacements: number;
  normalized: number;
}

/** How much of that a function does. */
export function textWorkOf(work: () => void): TextWork {
  const { normalize, replace } = String.prototype as unknown as Record<
    string,
    (...args: unknown[]) => string
  >;
  const done: TextWork = { replacements: 0, normalized: 0 };
  Object.assign(String.prototype, {
    normalize(this: string, ...args: unknown[]) {
      done.normalized += this.length;
      return normalize!.apply(this, args);
    },
    replace(this: string, ...args: unknown[]) {
      done.replacements += 1;
      return replace!.apply(this, args);
    },
  });
  try {
    work();
  } finally {
    Object.assign(String.prototype, { normalize, replace });
  }
  return done;
}
