/** Readers of URL parameters, which are untrusted input. They ignore invalid values. */
export const text = (raw: unknown): string | undefined =>
  (typeof raw === 'string' && raw !== '') || typeof raw === 'number' ? String(raw) : undefined;

export const oneOf = <T extends string>(values: readonly T[], raw: unknown): T | undefined =>
  values.find((value) => value === raw);

export const flag = (raw: unknown): boolean | undefined => (typeof raw === 'boolean' ? raw : undefined);

/** A day of UTC: `2026-11-24`. */
export const day = (raw: unknown): string | undefined => {
  const said = text(raw);
  return said && /^\d{4}-\d{2}-\d{2}$/.test(said) && !Number.isNaN(Date.parse(said)) ? said : undefined;
};

/** Without undefined entries, to keep URLs short. */
export const withoutBlanks = <T extends object>(search: T): T =>
  Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined)) as T;
