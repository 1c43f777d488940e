import type { FieldFaults } from '../../errors/registry-error.js';
import type { Client } from '../client/client.js';
import type { SecretRequest } from '../../policy/secret-request.js';

/** Maximum number of valid secrets of a client at a time: enough for any overlap, too few to lose track. */
export const MAX_VALID_SECRETS = 10;

/** How many expired or revoked secrets of a client are kept; the newest stay. */
export const MAX_ENDED_SECRETS = 100;

/** More a client never has. */
export const MAX_SECRETS = MAX_VALID_SECRETS + MAX_ENDED_SECRETS;

/** A page of the secrets of a client by its number, and how many there are on all pages. */
export interface NumberedSecretPage {
  secrets: ClientSecret[];
  total: number;
}

/** A secret of a client, as every interface may read it. It contains neither the secret nor its hash. */
export interface ClientSecret {
  id: string;
  /** The last four characters. */
  hint: string;
  createdAt: Date;
  /** Null: never. */
  expiresAt: Date | null;
  lastUsedAt: Date | null;
}

/** Whether a secret has expired, or is in the last third of its life. */
export const isRenewalDue = ({ createdAt, expiresAt }: ClientSecret, now: Date): boolean =>
  expiresAt !== null && +now >= +expiresAt - (+expiresAt - +createdAt) / 3;

/** A secret that will end by itself, and whose it is. */
export interface ExpiringSecret {
  secret: ClientSecret & { expiresAt: Date };
  client: Client;
}

/** A page of secrets by when they expire; `after` is a place in that order. */
export interface ExpiringPageRequest {
  size: number;
  /** Null: from the start. */
  after: { expiresAt: Date; id: string } | null;
}

/** What an interface understood of a request for another secret, and the words in which its caller is to be answered. */
export interface SecretSubmission {
  request: SecretRequest;
  /** What was wrong with the shape of the request, by the caller's field names. */
  faults: FieldFaults;
  names: Readonly<Record<keyof SecretRequest, string>>;
}
