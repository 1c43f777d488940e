import { Inject, Injectable } from '@nestjs/common';
import { v7 as uuidv7, validate as isClientId } from 'uuid';
import { CONFIG, type Config } from '../config/config.js';
import { RegistryError, type ErrorCode, type FieldFaults } from '../errors/registry-error.js';
import { generateSecret } from '../secrets/secret.js';
import type { Client, ClientSource, IssuedClient, Owner } from './client.js';
import type {
  ClientFilter,
  ClientOrder,
  ClientPage,
  ClientStats,
  NumberedPage,
  NumberedPageRequest,
  PageRequest,
} from './client-query.js';
import { ClientsRepository } from './clients.repository.js';
import type { ClientDraft } from './policy/client.js';
import { narrow, type RegistrationPolicy, registrationRules } from './policy/registration.js';
import {
  CLIENT_RULES,
  type FieldNames,
  isFixed,
  judge,
  type Rule,
  rulesAboutChanges,
} from './policy/rules.js';
import { draftOf, settle } from './policy/settle.js';

/** What a door understood of a request, and the words in which its caller is to be answered. */
export interface Submission {
  draft: ClientDraft;
  /** What was wrong with the shape of the request, by the caller's field names. */
  faults: FieldFaults;
  /** The caller's names for the fields of a client. */
  names: FieldNames;
  /** The error code of a refusal, given the fields at fault. */
  refusalCode: (faults: FieldFaults) => ErrorCode;
}

/** Versions of a client that will do; null: any. */
export type Versions = readonly number[] | null;

/** In the description of a refusal; all of them are in its `invalid_fields`. */
const MAX_FIELDS_NAMED = 20;

/** What a client is and which clients are allowed, for every door alike. */
@Injectable()
export class ClientsService {
  private readonly registration: RegistrationPolicy;
  private readonly registrationRules: readonly Rule[];

  constructor(
    private readonly repository: ClientsRepository,
    @Inject(CONFIG) config: Config,
  ) {
    this.registration = {
      profile: config.registrationMetadata,
      allowedScopes: config.registrationAllowedScopes,
      defaultScopes: config.registrationDefaultScopes,
      allowedGrantTypes: config.registrationAllowedGrantTypes,
    };
    this.registrationRules = [...registrationRules(this.registration), ...CLIENT_RULES];
  }

  /**
   * Creates a client on behalf of `owner`.
   * @throws RegistryError with every field at fault; nothing is stored then
   */
  async create(submission: Submission, owner: Owner): Promise<IssuedClient> {
    return this.issue(accept(submission, CLIENT_RULES), owner, 'api');
  }

  /**
   * Registers software that speaks for itself (RFC 7591): the same client, behind more refusals.
   * @param owner the caller, where it is known
   * @throws RegistryError with every field at fault; nothing is stored then
   */
  async register(submission: Submission, owner: Owner | null): Promise<IssuedClient> {
    const draft = accept(submission, this.registrationRules);
    return this.issue(narrow(draft, this.registration), owner, 'dynamic');
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
    const updated = await this.mutate(id, (client) => {
      checkVersion(ownedBy(orgId, client), expected);
      const before = draftOf({ ...client, name: client.name === client.id ? null : client.name });
      const draft = { ...before, ...submission.draft };
      const rules = [isFixed('type', client.type), ...rulesAboutChanges(CLIENT_RULES, before, draft)];
      const profile = settle(accept({ ...submission, draft }, rules));
      return {
        ...client,
        ...profile,
        name: profile.name ?? client.id,
        version: client.version + 1,
        updatedAt: new Date(Math.max(Date.now(), client.updatedAt.getTime() + 1)),
      };
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

  private mutate(id: string, change: (client: Client) => Client): Promise<Client | null> {
    return isClientId(id) ? this.repository.update(id, change) : Promise.resolve(null);
  }

  private async issue(draft: ClientDraft, owner: Owner | null, source: ClientSource): Promise<IssuedClient> {
    const id = uuidv7();
    const now = new Date();
    const profile = settle(draft);
    const client: Client = {
      ...profile,
      id,
      name: profile.name ?? id,
      orgId: owner?.orgId ?? null,
      userId: owner?.userId ?? null,
      source,
      status: 'active',
      verified: false,
      version: 1,
      createdAt: now,
      updatedAt: now,
    };
    const secret = client.type === 'confidential' ? { value: generateSecret(), expiresAt: null } : null;
    await this.repository.insert(client, secret);
    return { client, secret };
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

/** The draft of a submission that breaks no rule. */
function accept({ draft, faults, names, refusalCode }: Submission, rules: readonly Rule[]): ClientDraft {
  const invalidFields = judge(draft, rules, names, faults);
  const fields = Object.keys(invalidFields);
  if (fields.length === 0) return draft;
  // RFC 6749 §5.2: ASCII only. The rest is in invalid_fields
  const named = fields.filter((field) => /^[\x21-\x7e]{1,64}$/.test(field)).slice(0, MAX_FIELDS_NAMED);
  const others = named.length < fields.length ? ' and others' : '';
  throw new RegistryError(
    refusalCode(invalidFields),
    `These fields are invalid: ${named.join(', ')}${others}. invalid_fields says what to do about each.`,
    { invalidFields },
  );
}
