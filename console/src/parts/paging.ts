import { text, withoutBlanks } from './search';

export const PAGE_SIZES = [20, 50, 100] as const;

/** The page of a list, as the URL holds it. */
export interface PageSearch {
  size?: number;
  /** Its number, for display only: the cursor decides which rows are shown. */
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

/** The page as variables of a query. */
export function pageVariables(search: PageSearch) {
  const { after = null, before = null } = search;
  const first = sizeOf(search);
  return { first, after, last: before === null ? null : first, before };
}

/** The first page of the same list. */
export const FIRST_PAGE = { page: undefined, after: undefined, before: undefined } as const;
