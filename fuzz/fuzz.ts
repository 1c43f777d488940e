import { Agent } from 'node:http';
import fc from 'fast-check';
import type { GraphQLSchema } from 'graphql';
import { outcomeOf } from './flows.js';
import { flowRequests } from './generate/flows.js';
import { graphqlRequests } from './generate/graphql.js';
import { otherRequests } from './generate/other-paths.js';
import { rawMessages } from './generate/raw-http.js';
import { restRequests } from './generate/rest.js';
import { type HttpRequest, quote, toCurl } from './http-request.js';
import { type Known, secretsIn } from './known.js';
import type { OpenApiDocument } from './openapi-document.js';
import type { Finding, Oracle } from './oracles/finding.js';
import { flowFaults } from './oracles/flows.js';
import { graphqlOracle } from './oracles/graphql.js';
import { httpOracle } from './oracles/http.js';
import { leaks } from './oracles/leaks.js';
import { restOracle } from './oracles/rest.js';
import { exchange, repliesIn, send } from './send.js';
import type { Statistics } from './statistics.js';

/** A finding, and the smallest request that still shows it. */
export interface Reproduction extends Finding {
  command: string;
  /** With which the whole run is the same. */
  seed: number;
}

export interface FuzzTarget {
  url: string;
  document: OpenApiDocument;
  schema: GraphQLSchema;
  /** One request at a time is in progress for each. */
  callers: readonly Known[];
}

/** What is sent: a request about the client that `focus` chooses, or bytes. */
type Plan = { focus: number; request: HttpRequest } | { raw: string };

/** Requests sent to make a failing one smaller. */
const MAX_SHRINKS = 400;

/** Operations that end a client. */
const DELETING = new Set(['DeleteOAuthClient', 'DeleteOAuthRegistration']);

const RAW_LABEL = 'raw HTTP';

/** Of one sequence of requests of many; neighbours have nothing in common. */
const seedOf = (seed: number, stream: number) =>
  Math.imul(seed, 0x9e3779b1) ^ Math.imul(stream + 1, 0x85ebca6b);

/** Thrown for `fast-check` to look for a smaller request. */
class Found extends Error {
  constructor(
    readonly finding: Finding,
    readonly command: string,
  ) {
    super(finding.kind);
  }
}

/** Sends requests that are made from the service's own documents, and checks every reply. */
export class Fuzzer {
  readonly found = new Map<string, Reproduction>();
  private readonly plans: fc.Arbitrary<Plan>;
  private readonly judgeHttp: Oracle;
  private readonly oracles: readonly Oracle[];
  /** Where no secret belongs, and where it may be kept. */
  private readonly planted = new Set<string>();
  private readonly agent = new Agent({ keepAlive: true });
  /** Sequences of requests that were begun. */
  private streams = 0;

  constructor(
    private readonly target: FuzzTarget,
    private readonly statistics: Statistics,
  ) {
    const { document, schema } = target;
    const requests = fc.oneof(
      { weight: 9, arbitrary: restRequests(document) },
      { weight: 6, arbitrary: graphqlRequests(schema) },
      { weight: 1, arbitrary: otherRequests(document) },
      { weight: 7, arbitrary: flowRequests },
    );
    this.plans = fc.oneof(
      { weight: 16, arbitrary: fc.record({ focus: fc.nat({ max: 10_000 }), request: requests }) },
      { weight: 1, arbitrary: rawMessages.map((raw) => ({ raw })) },
    );
    this.judgeHttp = httpOracle(document, this.planted);
    this.oracles = [this.judgeHttp, restOracle(document), graphqlOracle(schema)];
  }

  /** Sends `requests` more, all callers together. The same seed, and the same calls before, make the same requests. */
  async run(requests: number, seed: number): Promise<void> {
    const { callers } = this.target;
    const share = Math.ceil(requests / callers.length);
    await Promise.all(callers.map((caller) => this.runAs(caller, share, seed)));
  }

  close(): void {
    this.agent.destroy();
  }

  private async runAs(caller: Known, requests: number, seed: number): Promise<void> {
    for (let left = requests; left > 0;) {
      let shrinks = 0;
      let hasFailed = false;
      const property = fc.asyncProperty(this.plans, async (plan) => {
        if (hasFailed && ++shrinks > MAX_SHRINKS) return;
        try {
          await this.try(plan, caller);
        } catch (error) {
          hasFailed = true;
          throw error;
        }
      });
      const { failed, errorInstance, numRuns } = await fc.check(property, {
        numRuns: left,
        seed: seedOf(seed, this.streams++),
      });
      left -= numRuns;
      if (!failed) return;
      if (!(errorInstance instanceof Found)) throw errorInstance;
      const { finding, command } = errorInstance;
      this.found.set(finding.kind, { ...finding, command, seed });
    }
  }

  /** @throws Found for what was not found before */
  private async try(plan: Plan, caller: Known): Promise<void> {
    const { findings, command } =
      'raw' in plan ? await this.exchange(plan.raw) : await this.send(plan, caller);
    const news = findings.find(({ kind }) => !this.found.has(kind));
    if (news) throw new Found(news, command());
  }

  private async send({ request: template, focus }: Extract<Plan, { focus: number }>, caller: Known) {
    const { url } = this.target;
    const request = caller.fillIn(template, focus);
    const command = () => toCurl(url, request);
    const { label } = request;
    // Before it is sent: others may receive it before its sender does
    const planting = secretsIn(request.body ?? '').filter((secret) => !this.planted.has(secret));
    for (const secret of planting) this.planted.add(secret);
    let reply;
    try {
      // The server may close a connection at that moment, but not twice
      reply = await send(url, this.agent, request).catch(() => send(url, this.agent, request));
    } catch (error) {
      return { findings: [{ kind: `${label}: gives no reply`, detail: String(error) }], command };
    }
    this.statistics.add(label, reply.status, reply.durationMs);
    this.statistics.note(outcomeOf(caller.flows, request, reply));
    const findings = [
      ...this.oracles.flatMap((judge) => judge(request, reply)),
      ...leaks(caller, this.planted, request, reply),
      ...flowFaults(caller.flows, request, reply),
    ];
    // Nothing of what is rejected is kept
    if (reply.status >= 400) for (const secret of planting) this.planted.delete(secret);
    caller.learn(request, reply);
    if (/secret/i.test(label)) caller.learnSecret(template, focus, reply);
    if (DELETING.has(label) && reply.status === 204) caller.forget(template, focus);
    return { findings, command };
  }

  private async exchange(text: string) {
    const { url } = this.target;
    const { hostname, port } = new URL(url);
    const bytes = Buffer.from(text, 'latin1');
    const command = () =>
      `printf %s ${quote(bytes.toString('base64'))} | base64 -d | nc -q 1 ${hostname} ${port}`;
    let received: string;
    try {
      received = await exchange(url, bytes);
    } catch (error) {
      return { findings: [{ kind: `${RAW_LABEL}: gives no reply`, detail: String(error) }], command };
    }
    const isHead = text.startsWith('HEAD');
    // A reply to HEAD has no body, so its length does not mark its end
    const replies = repliesIn(received).slice(0, isHead ? 1 : undefined);
    this.statistics.add(RAW_LABEL, replies[0]?.status ?? 0);
    const request = { label: RAW_LABEL, method: isHead ? 'HEAD' : 'GET' } as HttpRequest;
    const findings = replies
      .filter(({ status }) => status !== 100)
      .flatMap((reply) => this.judgeHttp(request, { ...reply, durationMs: 0 }));
    return { findings, command };
  }
}
