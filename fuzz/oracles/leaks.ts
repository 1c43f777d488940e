import { jsonOf } from '../http-request.js';
import type { HttpReply, HttpRequest } from '../http-request.js';
import { type Known, type Planted, toldBy } from '../known.js';
import type { Finding } from './finding.js';

/** Internals that no reply may contain: stack traces, SQL, class names, file paths, codes of a framework, hashes. */
const INTERNALS =
  /\bat (?:async )?[\w.<>]+ \(|node_modules|\w\.[cm]?[jt]s\b|file:\/\/\/\w|\b(?:SELECT|INSERT INTO|DELETE FROM|SQLITE_\w+|FST_\w+|statusCode|stacktrace)\b|\b[A-Z]\w*(?:Error|Exception|Entity|Repository|Service|Controller|Pipe|Guard|Dto)\b|oauth_client_secrets|api_keys|\bundefined\b|\[object/g;
const HASH = /sha256:[0-9a-f]{64}/;

/** Of an error, however much was sent: as much as the longest body. */
const MAX_ERROR_BYTES = 64 * 1024;

/** Whether a reply discloses more than it should. Call it before `known` has learnt from the reply. */
export function leaks(known: Known, planted: Planted, request: HttpRequest, reply: HttpReply): Finding[] {
  const { label, method, body } = request;
  const { status, text } = reply;
  const finding = (what: string, detail: string): Finding => ({
    kind: `${label}: ${what}`,
    detail: detail.slice(0, 500),
  });
  const sent = textOf(request);
  const asked = /^\{"query":"([^"]*)/.exec(body ?? '')?.[1] ?? '';
  const findings: Finding[] = [];

  // Reads return no secret; writes may, once
  const isIssuing = status < 300 && ['POST', 'PUT'].includes(method) && !/^\s*(?:query|\{)/.test(asked);
  for (const secret of toldBy(reply, planted)) {
    // What its holder sent is no news to them
    if (sent.includes(secret)) continue;
    if (known.secrets.has(secret)) findings.push(finding('tells a secret again', secret));
    else if (!isIssuing) findings.push(finding('tells a secret', text));
  }
  if (HASH.test(text)) findings.push(finding('tells a hash', text));
  const error = errorText(reply);
  if (error === '') return findings;
  const internal = (error.match(INTERNALS) ?? []).find((match) => !sent.includes(match));
  if (internal) findings.push(finding(`tells of its inside: ${internal}`, error));
  if (Buffer.byteLength(error) > MAX_ERROR_BYTES) {
    findings.push(
      finding('has an error that grows with the request', `${Buffer.byteLength(error)} bytes: ${error}`),
    );
  }
  return findings;
}

/** The part of a reply that says what is wrong. */
function errorText(reply: HttpReply): string {
  if (reply.status >= 400) return reply.text;
  const json = jsonOf(reply);
  return typeof json === 'object' && json !== null && 'errors' in json ? JSON.stringify(json.errors) : '';
}

/** All that was sent, also as it reads once it is decoded. */
function textOf({ path, headers, body }: HttpRequest): string {
  const text = `${path} ${headers.flat().join(' ')} ${body ?? ''}`;
  return `${text} ${text.replaceAll('\\', '')} ${unescaped(path)}`;
}

function unescaped(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return '';
  }
}
