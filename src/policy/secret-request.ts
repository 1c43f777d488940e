import type { FieldErrors } from './rules.js';

export const TEN_YEARS_IN_SECONDS = 315_360_000;

/** A request for another secret. */
export interface SecretRequest {
  /** When the new one expires; null: never. */
  expiresAt: Date | null;
  /** The latest expiry of all other secrets, in seconds from now; null: unchanged. */
  expireOthersInSeconds: number | null;
}

/** Validates a request for a secret; errors by the caller's field names. */
export function secretRequestFaults(
  { expiresAt, expireOthersInSeconds: seconds }: SecretRequest,
  names: Readonly<Record<keyof SecretRequest, string>>,
  now: Date,
): FieldErrors {
  const isToCome = expiresAt === null || expiresAt > now;
  const isDuration =
    seconds === null || (Number.isInteger(seconds) && seconds >= 0 && seconds <= TEN_YEARS_IN_SECONDS);
  return {
    ...(!isToCome && { [names.expiresAt]: ['must be in the future'] }),
    ...(!isDuration && {
      [names.expireOthersInSeconds]: [
        `must be an integer number of seconds from 0 to ${TEN_YEARS_IN_SECONDS}`,
      ],
    }),
  };
}
