/** A URL that is not fetched, or could not be. The message is for operators. */
export class EgressError extends Error {}
