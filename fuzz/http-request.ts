/** A request as it is sent, except for what only its sender knows: see `Known`. */
export interface HttpRequest {
  /** The operation of the OpenAPI document, the GraphQL root field, or a name for other requests. */
  label: string;
  method: string;
  path: string;
  headers: readonly (readonly [name: string, value: string])[];
  body: string | null;
  /** How the body becomes bytes; with `latin1` it is not UTF-8 where it is not ASCII. */
  encoding: 'utf8' | 'latin1' | 'utf16le';
  /** What comes before it: sent instead while its sender does not know what it names. */
  previous?: HttpRequest;
}

/** All that is sent. */
export const textOf = ({ path, headers, body }: HttpRequest): string =>
  `${path} ${headers.flat().join(' ')} ${body ?? ''}`;

/** What came back for it. */
export interface HttpReply {
  status: number;
  headers: Readonly<Record<string, string>>;
  text: string;
  durationMs: number;
}

/** The JSON value of a reply; undefined if it has none. */
export function jsonOf({ text }: Pick<HttpReply, 'text'>): unknown {
  try {
    return text === '' ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether it is a page: errors of the authorization endpoint are, for browsers. */
export const isPage = (operationId: string, { headers }: Pick<HttpReply, 'headers'>): boolean =>
  operationId === 'AuthorizeOAuthClient' && (headers['content-type']?.startsWith('text/html') ?? false);

/** A command that sends the same. */
export function toCurl(url: string, { method, path, headers, body, encoding }: HttpRequest): string {
  const bytes = Buffer.from(body ?? '', encoding);
  const isText = encoding === 'utf8' && !bytes.includes(0);
  const data = isText ? `--data-binary ${quote(body ?? '')}` : '--data-binary @-';
  const source = isText ? '' : `printf %s ${quote(bytes.toString('base64'))} | base64 -d | `;
  return [
    `${source}curl -si --path-as-is -g -X ${quote(method)} ${quote(url + path)}`,
    // An empty one takes away what curl would send by itself
    ...headers.map(([name, value]) => `-H ${quote(value === '' ? `${name};` : `${name}: ${value}`)}`),
    ...(body === null ? [] : [data]),
  ].join(' \\\n  ');
}

/** For a POSIX shell. */
export const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
