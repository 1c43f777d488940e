import { text, withoutBlanks } from '../../parts/search';

/** What the URL of the page of initial access tokens says. */
export interface TokensSearch {
  after?: string;
}

export const readTokensSearch = ({ after }: Record<string, unknown>): TokensSearch =>
  withoutBlanks({ after: text(after) });
