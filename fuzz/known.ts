import type { Flows } from './flows.js';
import { type HttpReply, type HttpRequest, textOf } from './http-request.js';

/** What a caller may have learnt of a client. */
interface KnownClient {
  clientId: string;
  version: string;
  /** Whether REST has returned it to this caller. */
  isShown: boolean;
  /** Of its registration. */
  token?: string;
  clientSecret?: string;
  secretId?: string;
}

/** Credentials, by what a request calls them. */
export interface Credentials {
  /** An API key of an admin, which no request may revoke. */
  admin: string;
  member: string;
  orgId: string;
  revoked: string;
  /** A JWT of a member, as an authorization server signs it. */
  jwt: string;
  softwareStatement: string;
}

/** Values that only some replies contain. */
const RARELY_KNOWN = ['token', 'clientSecret', 'secretId'] as const;

const MAX_KEPT = 24;
const MAX_SECRETS_KEPT = 400;

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/;
const CLIENT_ID = new RegExp(`"(?:client_id|clientId)":"(${UUID.source})"`, 'g');
const CURSOR = /"(?:cursor|endCursor|startCursor)":"([\w-]+)"/g;
/** 256 random bits, or a credential made of them: see src/secrets. */
const SECRET =
  /(?<![\w-])(?:oc[ri]_[\w-]{51}|(?=[\w-]{0,42}[A-Z])(?=[\w-]{0,42}[a-z])(?=[\w-]{0,42}\d)[\w-]{43})(?![\w-])/g;

/** The secrets in a text, recognized by their form. */
export const secretsIn = (text: string) => text.match(SECRET) ?? [];

/** Those in a reply; a style sheet has words of that form, too. */
const secretsOf = ({ headers, text }: HttpReply) =>
  /json/.test(headers['content-type'] ?? '') ? secretsIn(text.replace(PUBLIC_KEY, '')) : [];

/** The coordinates of a published key (RFC 7518 §6.2.1), which are as long as a secret. */
const PUBLIC_KEY = /"crv":"P-256","x":"[\w-]{43}","y":"[\w-]{43}"/g;

/** Secrets, and what looks like one, that are in bodies of requests which were not rejected, of any caller. */
export type Planted = ReadonlySet<string>;

/** The values of members that return a secret, also under a GraphQL alias. */
const TELLING = /"\w*(?:client_?secret|registration_?access_?token|value)"\s*:\s*"((?:[^"\\]|\\.)*)"/gi;
/** Their values are texts that callers sent. */
const TRANSLATIONS = /"\w*translations"\s*:\s*\[[^\]]*\]/g;

/**
 * The secrets that a reply reveals. A request may have stored a secret as a scope, which every read of the client returns. So a
 * planted secret counts only in a member that is for secrets, which only the service writes.
 */
export function toldBy(reply: HttpReply, planted: Planted): string[] {
  const telling = [...reply.text.replace(TRANSLATIONS, '').matchAll(TELLING)].flatMap(([, value]) =>
    secretsIn(value!),
  );
  return secretsOf(reply).filter((secret) => !planted.has(secret) || telling.includes(secret));
}

/**
 * What one caller knows: credentials, and contents of replies. A request names it as `{{name}}`, or `"{{#name}}"` where JSON is
 * to have a number, so that it can be made without knowing and yet reach what is there.
 */
export class Known {
  readonly clients: KnownClient[] = [];
  readonly secrets = new Set<string>();
  private readonly lists: Record<
    'cursor' | 'apiKeyId' | 'initialAccessTokenId' | 'initialAccessToken',
    string[]
  > = {
    cursor: [],
    apiKeyId: [],
    initialAccessTokenId: [],
    initialAccessToken: [],
  };

  /** @param hostileJwts that are broken, or say something odd */
  constructor(
    private readonly credentials: Credentials,
    private readonly hostileJwts: readonly string[],
    readonly flows: Flows,
  ) {}

  /** @param focus which client is meant, among those of which is known what the request needs */
  fillIn(template: HttpRequest, focus: number): HttpRequest {
    const request = this.flows.possible(template);
    const values = this.valuesFor(request, focus);
    // Any value will do if nothing is known yet
    const look = (_: string, name: string) => values[name] ?? '1';
    const fill = (text: string) => text.replace(/"\{\{#(\w+)\}\}"/g, look).replace(/\{\{#?(\w+)\}\}/g, look);
    return {
      ...request,
      path: fill(request.path),
      headers: request.headers
        .map(([name, value]) => [name, fill(value), value] as const)
        // A client that authenticates in another way has no header
        .filter(([, value, template]) => value !== '' || template === '')
        .map(([name, value]) => [name, value] as const),
      body: request.body === null ? null : fill(request.body),
    };
  }

  private valuesFor(request: HttpRequest, focus: number): Partial<Record<string, string>> {
    const client = this.choose(request, focus);
    const listed = Object.entries(this.lists).map(([name, values]) => [name, values[focus % values.length]]);
    return {
      ...this.credentials,
      hostileJwt: this.hostileJwts[focus % this.hostileJwts.length],
      ...(Object.fromEntries(listed) as Record<string, string | undefined>),
      ...(client && { ...client, isShown: undefined }),
      ...this.flows.valuesFor(textOf(request), focus),
    };
  }

  /** The client that a request is about. */
  private choose(request: HttpRequest, focus: number): KnownClient | undefined {
    const text = textOf(request);
    const needs = RARELY_KNOWN.filter((name) => text.includes(`{{${name}}}`));
    // Now and then a foreign one
    const mustBeShown = request.path.startsWith('/v2/oauth/clients') && focus % 8 !== 0;
    const fitting = this.clients.filter(
      (client) => needs.every((name) => client[name] !== undefined) && (client.isShown || !mustBeShown),
    );
    const candidates = fitting.length > 0 ? fitting : this.clients;
    return candidates[focus % candidates.length];
  }

  /** Notes what a reply says of clients and credentials. */
  learn(request: HttpRequest, reply: HttpReply): void {
    const { label } = request;
    const { status, text } = reply;
    this.flows.learn(request, reply);
    for (const secret of secretsOf(reply)) this.secrets.add(secret);
    for (const secret of this.secrets) {
      if (this.secrets.size <= MAX_SECRETS_KEPT) break;
      this.secrets.delete(secret);
    }
    if (status >= 300) return;
    for (const [, cursor] of text.matchAll(CURSOR)) keep(this.lists.cursor, cursor!);
    const ids = new Set([...text.matchAll(CLIENT_ID)].map(([, id]) => id!));
    const [clientId] = ids;
    // A page contains other clients, most of them foreign
    if (clientId !== undefined && ids.size === 1) this.learnClient(clientId, reply);
    // Only keys that a request made: the fuzzer must not revoke its own
    if (label === 'createApiKey') this.learnIssued('ocr_', text, 'apiKeyId');
    if (label === 'createInitialAccessToken') this.learnIssued('oci_', text, 'initialAccessTokenId');
  }

  /** Notes a secret of the client that a request, as it was made, was about. */
  learnSecret(request: HttpRequest, focus: number, { status, text }: HttpReply): void {
    const id = new RegExp(`"id":"(${UUID.source})"`).exec(text)?.[1];
    const client = this.choose(request, focus);
    if (status < 300 && id !== undefined && client !== undefined) client.secretId = id;
  }

  /** Removes the client that a request has deleted; now and then not. */
  forget(request: HttpRequest, focus: number): void {
    const client = this.choose(request, focus);
    if (client !== undefined && focus % 8 !== 0) this.clients.splice(this.clients.indexOf(client), 1);
  }

  private learnClient(clientId: string, { text, headers }: HttpReply): void {
    let client = this.clients.find((each) => each.clientId === clientId);
    if (client === undefined) {
      client = { clientId, version: '1', isShown: false };
      keep(this.clients, client);
    }
    client.isShown ||= text.includes('"record_type"');
    const version = /"version":(\d+)/.exec(text)?.[1] ?? /\d+/.exec(headers.etag ?? '')?.[0];
    const token = /"(?:registration_access_token|registrationAccessToken)":"([^"]+)"/.exec(text)?.[1];
    const secret = /"(?:client_secret|clientSecret)":"([^"]+)"/.exec(text)?.[1];
    client.version = version ?? client.version;
    client.token = token ?? client.token;
    client.clientSecret = secret ?? client.clientSecret;
  }

  private learnIssued(prefix: string, text: string, list: 'apiKeyId' | 'initialAccessTokenId'): void {
    const id = UUID.exec(text)?.[0];
    const value = secretsIn(text).find((secret) => secret.startsWith(prefix));
    if (id !== undefined) keep(this.lists[list], id);
    if (value !== undefined && prefix === 'oci_') keep(this.lists.initialAccessToken, value);
  }
}

function keep<T>(list: T[], value: T): void {
  list.push(value);
  if (list.length > MAX_KEPT) list.shift();
}
