import { isPage, jsonOf } from '../http-request.js';
import type { OpenApiDocument } from '../openapi-document.js';
import type { Finding, Oracle } from './finding.js';
import { operationChecks } from './schema-check.js';

/** Header fields that come with the client they are about. */
const ETAG = { etag: /^"[1-9]\d*"$/ };
const PROMISED_HEADERS: Partial<Record<string, Record<string, RegExp>>> = {
  'CreateOAuthClient 201': { ...ETAG, location: /^https?:\/\/.+\/v2\/oauth\/clients\/[0-9a-f-]{36}$/ },
  'GetOAuthClient 200': ETAG,
  'UpdateOAuthClient 200': ETAG,
};

/** Whether a reply is one that the document promises for its operation. */
export function restOracle(document: OpenApiDocument): Oracle {
  const operations = operationChecks(document);
  // The description mentions ?dry_run=true; to the contract it would be another status
  operations
    .get('RegisterOAuthClient')
    ?.set(200, (value) =>
      typeof value === 'object' && value !== null && !('client_id' in value) ? undefined : 'is no preview',
    );

  return ({ label }, reply) => {
    const checks = operations.get(label);
    if (!checks) return [];
    const { status, text, headers } = reply;
    const finding = (what: string): Finding => ({
      kind: `${label}: answers ${status} ${what}`,
      detail: text.slice(0, 500),
    });
    const findings = Object.entries(PROMISED_HEADERS[`${label} ${status}`] ?? {})
      .filter(([name, value]) => !value.test(headers[name] ?? ''))
      .map(([name]) => finding(`without a good ${name}`));
    const check = checks.get(status);
    if (check) {
      const fault = isPage(label, reply) ? undefined : check(jsonOf(reply));
      if (fault) findings.push(finding(`against its schema: ${fault}`));
    } else if (!document.errors.has(status)) {
      findings.push(finding('which is not documented'));
    }
    return findings;
  };
}
