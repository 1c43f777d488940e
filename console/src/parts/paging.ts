import { text, withoutBlanks } from './search';

export const PAGE_SIZES = [20, 50, 100] as const;

/** Which page of a list a URL asks for, so that a link to it works for everybody. */
export interface PageSearch {
  size?: number;
  /** Its number, as far as the list has not changed since: what is shown depends on the cursor alone. */
  page?: number;
  after?: string;
  before?: string;
}

export function readPageSearch({ size, page, after, before }: Record<string, unknown>): PageSearch {
  const isPage = typeof page === 'number' && Number.isSafeInteger(page) && page > 1;
  const behind = text(after);
  return withoutBlanks({
    size: PAGE_SIZES.find((each) => each === size),
    page: isPage ? page : undefined,
    after: behind,
    before: behind === undefined ? text(before) : undefined,
  });
}

export const sizeOf = ({ size }: PageSearch) => size ?? PAGE_SIZES[0];

/** The same, as the schema wants it. */
export function pageVariables(search: PageSearch) {
  const { after = null, before = null } = search;
  const first = sizeOf(search);
  return { first, after, last: before === null ? null : first, before };
}

/** The first page of the same list. */
export const FIRST_PAGE = { page: undefined, after: undefined, before: undefined } as const;
