/** Reads what stands in a URL, which anybody may have written. What makes no sense is as if it were not there. */
export const text = (raw: unknown): string | undefined =>
  (typeof raw === 'string' && raw !== '') || typeof raw === 'number' ? String(raw) : undefined;

export const oneOf = <T extends string>(values: readonly T[], raw: unknown): T | undefined =>
  values.find((value) => value === raw);

export const flag = (raw: unknown): boolean | undefined => (typeof raw === 'boolean' ? raw : undefined);

/** Without what is undefined, so that a URL says no more than it must. */
export const withoutBlanks = <T extends object>(search: T): T =>
  Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined)) as T;
