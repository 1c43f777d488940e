const MS_PER_UNIT: Partial<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };
/** As messages name them. */
export const DURATION_UNITS = 'm, h or d';

export const DURATION = /^([1-9]\d{0,4})([mhd])$/;

/** Milliseconds of a duration such as `90d` (m, h or d); undefined if it is none. */
export function readDuration(raw: string): number | undefined {
  const [, count, unit = ''] = DURATION.exec(raw) ?? [];
  const ms = MS_PER_UNIT[unit];
  return count === undefined || ms === undefined ? undefined : Number(count) * ms;
}
