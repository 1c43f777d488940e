import { Injectable } from '@nestjs/common';
import { validate as isClientId } from 'uuid';
import { RegistryError } from '../errors/registry-error.js';
import { type Client, type IssuedClient, type Owner, ownNameOf } from './client.js';
import type {
  ClientFilter,
  ClientOrder,
  ClientPage,
  ClientStats,
  NumberedPage,
  NumberedPageRequest,
  PageRequest,
} from './client-query.js';
import { changeClient, issueClient } from './issue-client.js';
import { ClientsRepository } from './clients.repository.js';
import { CLIENT_RULES, isFixed, rulesAboutChanges } from './policy/rules.js';
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
   * A client of the organization.
   * @throws RegistryError `not_found`, for a client of another organization as for one that does not exist
   */
  async get(id: string, orgId: string): Promise<Client> {
    return ownedBy(orgId, await this.find(id));
  }

  /** The clients of the organization that match `filter`, the newest first. */
  list(filter: ClientFilter, orgId: string, page: NumberedPageRequest): Promise<NumberedPage> {
    return this.repository.numberedPage({ ...filter, orgId }, page);
  }

  /**
   * Changes a client of the organization: what the draft names, even as undefined, is replaced, the rest stays. The
   * result is judged as a whole, but for what was accepted before and is as it was.
   * @param expected versions that the caller will change; null: any
   * @throws RegistryError `not_found`, `precondition_failed`, or with every field at fault
   */
  async update(id: string, submission: Submission, orgId: string, expected: Versions): Promise<Client> {
    if (!isClientId(id)) throw notFound();
    const updated = await this.repository.update(id, (client) => {
      checkVersion(ownedBy(orgId, client), expected);
      const before = draftOf({ ...client, name: ownNameOf(client) });
      const draft = { ...before, ...submission.draft };
      const rules = [isFixed('type', client.type), ...rulesAboutChanges(CLIENT_RULES, before, draft)];
      return changeClient(client, settle(accept({ ...submission, draft }, rules)));
    });
    return ownedBy(orgId, updated);
  }

  /**
   * Removes a client of the organization, with its secrets, from every door at once.
   * @param expected versions that the caller will remove; null: any
   * @throws RegistryError `not_found`, `precondition_failed`
   */
  async remove(id: string, orgId: string, expected: Versions): Promise<void> {
    const isRemoved =
      isClientId(id) &&
      (await this.repository.remove(id, (client) => checkVersion(ownedBy(orgId, client), expected)));
    if (!isRemoved) throw notFound();
  }

  /** The client, or null where there is none by that id. */
  find(id: string): Promise<Client | null> {
    return isClientId(id) ? this.repository.find(id) : Promise.resolve(null);
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

const notFound = () => new RegistryError('not_found', 'There is no such client.');

/** A client of another organization is answered as one that does not exist. */
function ownedBy(orgId: string, client: Client | null): Client {
  if (client?.orgId !== orgId) throw notFound();
  return client;
}

function checkVersion({ version }: Client, expected: Versions): void {
  if (expected === null || expected.includes(version)) return;
  throw new RegistryError(
    'precondition_failed',
    'The client was changed meanwhile; read it again, and send its new ETag as If-Match.',
  );
}
