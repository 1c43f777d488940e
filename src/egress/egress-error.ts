/** A URL that is not fetched, or could not be. The message is for operators. */
export class EgressError extends Error {}

/** It was not tried, since too many other fetches are in progress. */
export class EgressOverloaded extends EgressError {
  constructor() {
    super('Too many outgoing requests are in progress.');
  }
}
