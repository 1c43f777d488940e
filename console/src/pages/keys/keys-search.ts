import { text, withoutBlanks } from '../../parts/search';

/** What the URL of the page of API keys says. */
export interface KeysSearch {
  after?: string;
}

export const readKeysSearch = ({ after }: Record<string, unknown>): KeysSearch =>
  withoutBlanks({ after: text(after) });
