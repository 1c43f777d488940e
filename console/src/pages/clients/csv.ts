import { BYTE_ORDER_MARK, csvLine } from '../../parts/csv';
import { download } from '../../parts/download';
import {
  ClientsDocument,
  type ClientsQuery,
  type OAuthClientFilter,
  type OAuthClientOrder,
} from '../../graphql/operations';
import { request } from '../../graphql/request';
import { COLUMNS } from './columns';

/** As many as a page may have. */
const PAGE_SIZE = 100;

/** Where the lines go: a file, as they come; or memory, where the browser lets no page write files. */
interface Sink {
  write: (lines: string) => void | Promise<void>;
  close: () => void | Promise<void>;
  abort: () => void | Promise<void>;
}

interface FilePicker {
  showSaveFilePicker?: (options: {
    suggestedName: string;
  }) => Promise<{ createWritable: () => Promise<Sink> }>;
}

/**
 * Saves all clients that match, page by page, so that a million of them take no more memory than a hundred where the browser
 * writes files.
 * @param onProgress told how many were written so far
 * @throws RequestError, or DOMException `AbortError` where `signal` or the person in front of it said so
 */
export async function saveCsv(
  filter: OAuthClientFilter,
  orderBy: OAuthClientOrder,
  onProgress: (clients: number) => void,
  signal: AbortSignal,
): Promise<void> {
  const sink = await openSink(`clients-${new Date().toISOString().slice(0, 10)}.csv`);
  try {
    await sink.write(BYTE_ORDER_MARK + csvLine(COLUMNS.map(({ key }) => key)));
    let after: string | null = null;
    let written = 0;
    do {
      const page: ClientsQuery = await request(
        ClientsDocument,
        { first: PAGE_SIZE, after, last: null, before: null, filter, orderBy },
        signal,
      );
      const { nodes, pageInfo } = page.oauthClients;
      await sink.write(nodes.map((client) => csvLine(COLUMNS.map(({ plain }) => plain(client)))).join(''));
      written += nodes.length;
      onProgress(written);
      after = pageInfo.hasNextPage ? pageInfo.endCursor : null;
    } while (after !== null);
    await sink.close();
  } catch (error) {
    await sink.abort();
    throw error;
  }
}

async function openSink(suggestedName: string): Promise<Sink> {
  const { showSaveFilePicker } = window as FilePicker;
  if (showSaveFilePicker) return (await showSaveFilePicker.call(window, { suggestedName })).createWritable();
  const parts: Blob[] = [];
  return {
    // A browser keeps large blobs on the disk
    write: (lines) => void parts.push(new Blob([lines])),
    close: () => download(new Blob(parts, { type: 'text/csv' }), suggestedName),
    abort: () => undefined,
  };
}
