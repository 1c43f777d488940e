import DataLoader from 'dataloader';
import type { AuditEvent } from '../../../audit/audit-event.js';
import type { AuditTrail } from '../../../audit/audit-trail.js';
import type { Grant } from '../../../authorization/grants/grant.js';
import type { GrantsService } from '../../../authorization/grants/grants.service.js';
import type { ClientSecret } from '../../../clients/secrets/client-secret.js';
import type { ClientSecretsService } from '../../../clients/secrets/client-secrets.service.js';
import { type IdPageRequest, type Page, pageOf } from '../../../clients/client/client-query.js';
import { refusal } from './query-cost.js';

/** Loads the same page of something for many clients in one statement. */
type PageLoader<T> = (clientId: string, request: IdPageRequest) => Promise<Page<T>>;

type LoadPages<T> = (clientIds: readonly string[], request: IdPageRequest) => Promise<Map<string, Page<T>>>;

/** Bytes of all pages of one operation, as JSON; the last may exceed it. */
const MAX_OPERATION_BYTES = 4 * 2 ** 20;

/** The pages that one GraphQL request reads: one after the other, up to {@link MAX_OPERATION_BYTES}. Objects load theirs together. */
export class Loaders {
  readonly secrets: PageLoader<ClientSecret>;
  readonly history: PageLoader<AuditEvent>;
  readonly grants: PageLoader<Grant>;
  private bytes = 0;
  private previous: Promise<unknown> = Promise.resolve();

  constructor(secrets: ClientSecretsService, auditTrail: AuditTrail, grants: GrantsService) {
    this.secrets = this.pageLoader((clientIds, request) => secrets.pages(clientIds, request));
    this.history = this.pageLoader((clientIds, request) => auditTrail.histories(clientIds, request));
    this.grants = this.pageLoader((clientIds, request) => grants.pages(clientIds, request));
  }

  /**
   * Reads a page, or several.
   * @throws GraphQLError `QUERY_TOO_COMPLEX` if those before it have used up the bytes of the operation
   */
  async read<T>(load: () => Promise<T>): Promise<T> {
    const [page] = await this.readAll(async () => [await load()]);
    return page!;
  }

  private readAll<T>(load: () => Promise<T[]>): Promise<T[]> {
    const reading = this.previous.then(async () => {
      if (this.bytes >= MAX_OPERATION_BYTES) throw tooManyBytes();
      const pages = await load();
      // Under several aliases, one is sent several times
      const sizes = new Map(
        [...new Set(pages)].map((page) => [page, Buffer.byteLength(JSON.stringify(page))]),
      );
      for (const page of pages) this.bytes += sizes.get(page)!;
      if (pages.length > 1 && this.bytes > MAX_OPERATION_BYTES) throw tooManyBytes();
      return pages;
    });
    this.previous = reading.catch(() => undefined);
    return reading;
  }

  private pageLoader<T>(load: LoadPages<T>): PageLoader<T> {
    // One for each page that is asked for: mostly there is one, since a query asks the same of every client
    const loaders = new Map<string, DataLoader<string, Page<T>>>();
    return (clientId, request) => {
      const key = JSON.stringify(request);
      const loadAll = (clientIds: readonly string[]) =>
        this.readAll(async () => {
          const pages = await load(clientIds, request);
          return clientIds.map((id) => pages.get(id) ?? pageOf([], request));
        });
      // Several mutations of one request each want to see what they did
      const loader = loaders.get(key) ?? new DataLoader<string, Page<T>>(loadAll, { cache: false });
      loaders.set(key, loader);
      return loader.load(clientId);
    };
  }
}

const tooManyBytes = () =>
  refusal(
    'QUERY_TOO_COMPLEX',
    `The pages of the operation have more than the ${MAX_OPERATION_BYTES / 2 ** 20} MiB allowed. Ask for fewer or smaller pages.`,
  );
