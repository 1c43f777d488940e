/** At most so many secrets of a client are valid at a time: enough for any overlap, too few to lose track. */
export const MAX_VALID_SECRETS = 10;

/** A secret of a client, as every door may read it: neither the secret itself nor its hash is in it. */
export interface ClientSecret {
  id: string;
  /** The last four characters. */
  hint: string;
  createdAt: Date;
  /** Null: never. */
  expiresAt: Date | null;
  lastUsedAt: Date | null;
}

/** How to issue another secret. */
export interface SecretRequest {
  /** When the new one expires; null: never. */
  expiresAt: Date | null;
  /** When all others expire at the latest, in seconds from now; null: as they would have. */
  expireOthersInSeconds: number | null;
}
