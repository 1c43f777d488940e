import type { Faults } from './rules.js';

export const TEN_YEARS_IN_SECONDS = 315_360_000;

/** How to issue another secret. */
export interface SecretRequest {
  /** When the new one expires; null: never. */
  expiresAt: Date | null;
  /** When all others expire at the latest, in seconds from now; null: as they would have. */
  expireOthersInSeconds: number | null;
}

/** Everything that is wrong with a request for a secret, by the caller's names of its fields. */
export function secretRequestFaults(
  { expiresAt, expireOthersInSeconds: seconds }: SecretRequest,
  names: Readonly<Record<keyof SecretRequest, string>>,
  now: Date,
): Faults {
  const isToCome = expiresAt === null || expiresAt > now;
  const isDuration =
    seconds === null || (Number.isInteger(seconds) && seconds >= 0 && seconds <= TEN_YEARS_IN_SECONDS);
  return {
    ...(!isToCome && { [names.expiresAt]: ['must be in the future'] }),
    ...(!isDuration && {
      [names.expireOthersInSeconds]: [`must be a whole number from 0 to ${TEN_YEARS_IN_SECONDS}`],
    }),
  };
}
