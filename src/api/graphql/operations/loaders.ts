import DataLoader from 'dataloader';
import type { AuditEvent } from '../../../audit/audit-event.js';
import type { AuditTrail } from '../../../audit/audit-trail.js';
import type { ClientSecret } from '../../../clients/secrets/client-secret.js';
import type { ClientSecretsService } from '../../../clients/secrets/client-secrets.service.js';
import { type IdPageRequest, type Page, pageOf } from '../../../clients/client/client-query.js';

/** Loads the same page of something for many clients in one statement. */
type PageLoader<T> = (clientId: string, request: IdPageRequest) => Promise<Page<T>>;

/** What the objects of one GraphQL request load together, instead of one by one. */
export class Loaders {
  readonly secrets: PageLoader<ClientSecret>;
  readonly history: PageLoader<AuditEvent>;

  constructor(secrets: ClientSecretsService, auditTrail: AuditTrail) {
    this.secrets = pageLoader((clientIds, request) => secrets.pages(clientIds, request));
    this.history = pageLoader((clientIds, request) => auditTrail.histories(clientIds, request));
  }
}

function pageLoader<T>(
  load: (clientIds: readonly string[], request: IdPageRequest) => Promise<Map<string, Page<T>>>,
): PageLoader<T> {
  // One for each page that is asked for: mostly there is one, since a query asks the same of every client
  const loaders = new Map<string, DataLoader<string, Page<T>>>();
  return (clientId, request) => {
    const key = JSON.stringify(request);
    const loader =
      loaders.get(key) ??
      new DataLoader<string, Page<T>>(
        async (clientIds) => {
          const pages = await load(clientIds, request);
          return clientIds.map((id) => pages.get(id) ?? pageOf([], request));
        },
        // Several mutations of one request each want to see what they did
        { cache: false },
      );
    loaders.set(key, loader);
    return loader.load(clientId);
  };
}
