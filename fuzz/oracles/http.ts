import type { HttpReply } from '../http-request.js';
import { isPage, jsonOf } from '../http-request.js';
import { type Planted, toldBy } from '../known.js';
import type { OpenApiDocument } from '../openapi-document.js';
import type { Finding, Oracle } from './finding.js';
import { errorChecks } from './schema-check.js';

/** GraphQL over HTTP §6.3: the document is about REST alone. */
const NOT_ACCEPTABLE = 406;
/** To an unknown Transfer-Encoding (RFC 9112 §6.1): no fault of the service. */
const NOT_IMPLEMENTED = 501;

/** Checks every reply: no 5xx, and every error as the OpenAPI document describes it. */
export function httpOracle(document: OpenApiDocument, planted: Planted): Oracle {
  const checks = errorChecks(document);

  return ({ label, method }, reply) => {
    const { status, text, headers } = reply;
    const finding = (what: string, detail = ''): Finding => ({
      kind: `${isGraphQL(reply) ? 'GraphQL' : 'REST'}: ${what}`,
      detail,
    });
    const findings: Finding[] = [];
    if (status >= 500 && status !== NOT_IMPLEMENTED)
      findings.push(finding(`${label} answers ${status}`, text.slice(0, 500)));
    if (status < 200) findings.push(finding(`answers ${status}`));
    if (toldBy(reply, planted).length > 0 && !isNoStore(reply)) {
      findings.push(finding('lets caches keep a secret'));
    }
    if (status < 400) return findings;

    for (const name of document.errors.get(status)?.headers ?? []) {
      if (!headers[name.toLowerCase()]) findings.push(finding(`answers ${status} without ${name}`));
    }
    if (status === NOT_ACCEPTABLE && isGraphQL(reply)) return findings;
    const check = checks.get(status);
    if (!check)
      findings.push(finding(`answers ${status}, which the document does not have`, text.slice(0, 500)));
    // A HEAD is answered without the body, a GraphQL error has a form of its own, and browsers get pages
    else if (method !== 'HEAD' && !isGraphQL(reply) && !isPage(label, reply)) {
      const fault = check(jsonOf(reply));
      if (fault)
        findings.push(
          finding(`answers ${status} with another body than documented: ${fault}`, text.slice(0, 500)),
        );
    }
    return findings;
  };
}

const isNoStore = ({ headers }: HttpReply) => /\bno-store\b/.test(headers['cache-control'] ?? '');

function isGraphQL(reply: HttpReply): boolean {
  const json = jsonOf(reply);
  return typeof json === 'object' && json !== null && 'errors' in json;
}
