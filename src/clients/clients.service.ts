import { Injectable } from '@nestjs/common';
import { RegistryError } from '../errors/registry-error.js';
import { type Client, type IssuedClient, type Owner, ownNameOf } from './client.js';
import type {
  ClientFilter,
  ClientKey,
  ClientOrder,
  ClientPage,
  ClientStats,
  NumberedPage,
  NumberedPageRequest,
  PageRequest,
} from './client-query.js';
import { changeClient, issueClient } from './issue-client.js';
import { ClientsRepository } from './clients.repository.js';
import { noSuchClient } from './load-client.js';
import { CLIENT_RULES, isFixed, rulesAboutChanges } from './policy/rules.js';
import { attestedRules } from './software-statements.service.js';
import { accept, type Submission } from './submission.js';
import { draftOf, settle } from './policy/settle.js';

/** Versions of a client that will do; null: any. */
export type Versions = readonly number[] | null;

/** What a client is and which clients are allowed, for every door alike. */
@Injectable()
export class ClientsService {
  constructor(private readonly repository: ClientsRepository) {}

  /**
   * Creates a client on behalf of `owner`.
   * @throws RegistryError with every field at fault; nothing is stored then
   */
  async create(submission: Submission, owner: Owner): Promise<IssuedClient> {
    const issued = issueClient(settle(accept(submission, CLIENT_RULES)), {
      orgId: owner.orgId,
      userId: owner.userId,
      source: 'api',
      initialAccessTokenId: null,
    });
    await this.repository.insert(issued.client, issued.secret, null);
    return issued;
  }

  /**
   * The client.
   * @throws RegistryError `not_found`
   */
  async get(key: ClientKey): Promise<Client> {
    const client = await this.repository.find(key);
    if (client === null) throw noSuchClient();
    return client;
  }

  /** The clients of the organization that match `filter`, the newest first. */
  list(filter: ClientFilter, orgId: string, page: NumberedPageRequest): Promise<NumberedPage> {
    return this.repository.numberedPage({ ...filter, orgId }, page);
  }

  /**
   * Changes a client: what the draft names, even as undefined, is replaced, the rest stays. The result is judged as a
   * whole, but for what was accepted before and is as it was.
   * @param expected versions that the caller will change; null: any
   * @throws RegistryError `not_found`, `precondition_failed`, or with every field at fault
   */
  update(key: ClientKey, submission: Submission, expected: Versions): Promise<Client> {
    return this.repository.update(key, (client) => {
      checkVersion(client, expected);
      const before = draftOf({ ...client, name: ownNameOf(client) });
      const draft = { ...before, ...submission.draft };
      const rules = [
        isFixed('type', before, 'create another client instead'),
        ...attestedRules(client.metadata, before),
        ...rulesAboutChanges(CLIENT_RULES, before, draft),
      ];
      return changeClient(client, settle(accept({ ...submission, draft }, rules)));
    });
  }

  /**
   * Removes a client, with its secrets, from every door at once.
   * @param expected versions that the caller will remove; null: any
   * @throws RegistryError `not_found`, `precondition_failed`
   */
  remove(key: ClientKey, expected: Versions): Promise<void> {
    return this.repository.remove(key, (client) => checkVersion(client, expected));
  }

  /** The client, or null where there is none by that id. */
  find(id: string): Promise<Client | null> {
    return this.repository.find({ id });
  }

  /** One page of the clients that match `filter`. */
  page(filter: ClientFilter, order: ClientOrder, page: PageRequest): Promise<ClientPage> {
    return this.repository.page(filter, order, page);
  }

  /** How many clients match `filter`. Reads each of them: ask only when somebody wants to know. */
  count(filter: ClientFilter): Promise<number> {
    return this.repository.count(filter);
  }

  /** How the clients that match `filter` are distributed. */
  stats(filter: ClientFilter): Promise<ClientStats> {
    return this.repository.stats(filter, new Date());
  }
}

function checkVersion({ version }: Client, expected: Versions): void {
  if (expected === null || expected.includes(version)) return;
  throw new RegistryError(
    'precondition_failed',
    'The client was changed meanwhile; read it again, and send its new ETag as If-Match.',
  );
}
