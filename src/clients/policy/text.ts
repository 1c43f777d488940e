/**
 * Characters that a person cannot see, or that change how the rest is read: control, line and paragraph separators,
 * lone surrogates, zero-width and filling, and the bidirectional marks with which a name can be made to look like
 * another. The variation selectors are not among them: emoji and Japanese names need those.
 */
const INVISIBLE =
  /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u00ad\u034f\u061c\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ufeff\uffa0\ufff9-\ufffb\u{e0000}-\u{e007f}]/u;

export const MAX_TEXT_LENGTH = 255;

/** What is wrong with a short text that people read, of 1 to `max` characters after trimming. */
export function textFaults(value: string, max = MAX_TEXT_LENGTH): string[] {
  const faults: string[] = [];
  const length = [...value.trim()].length;
  if (length < 1 || length > max) faults.push(`must be 1 to ${max} characters long`);
  if (INVISIBLE.test(value)) {
    faults.push(
      'must not contain control, bidirectional-override, zero-width or unpaired surrogate characters',
    );
  }
  return faults;
}
