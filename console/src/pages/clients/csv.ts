import { BYTE_ORDER_MARK, csvLine } from '../../parts/csv-line';
import { download } from '../../parts/download';
import {
  ClientsDocument,
  type ClientsQuery,
  type OAuthClientFilter,
  type OAuthClientOrder,
} from '../../graphql/operations';
import { request } from '../../graphql/request';
import { COLUMNS } from './columns';

/** The maximum of the API. */
const PAGE_SIZE = 100;

/** The destination: a file or, in browsers where pages cannot write files, memory. */
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
 * Saves all clients that match, page by page, with constant memory if the browser can write files.
 * @param onProgress called with the number of clients written so far
 * @throws RequestError, or DOMException `AbortError` if `signal` or the user aborts
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
    // Browsers store large blobs on disk
    write: (lines) => void parts.push(new Blob([lines])),
    close: () => download(new Blob(parts, { type: 'text/csv' }), suggestedName),
    abort: () => undefined,
  };
}
