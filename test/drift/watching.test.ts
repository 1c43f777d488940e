import { readFile } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parser } from '@prometheus-io/lezer-promql';
import { parse } from 'yaml';
import { Retention } from '../../src/jobs/retention.js';
import { Statistics } from '../../src/jobs/planner-statistics.js';
import { freePort } from '../support/network/free-port.js';
import { Scrape } from '../support/measurements/metrics.js';
import { Registry } from '../support/registry.js';

interface Alert {
  alert: string;
  expr: string;
  labels: { severity: string };
  annotations: { summary: string };
}
interface Panel {
  id: number;
  type: string;
  title: string;
  targets?: { expr: string; legendFormat: string }[];
}

/** What an expression asks of the registry. */
interface Asked {
  metric: string;
  labels: { name: string; value: string; isExact: boolean }[];
}

/** Prometheus itself makes this metric and these labels. */
const OF_PROMETHEUS = { metrics: ['up'], labels: ['instance', 'job'] };

/** @throws Error if it is not PromQL */
function read(expression: string): { asked: Asked[]; grouped: string[] } {
  const text = expression.replaceAll('$__rate_interval', '5m');
  const asked: Asked[] = [];
  const grouped: string[] = [];
  parser.parse(text).iterate({
    enter: ({ type, node, from, to }) => {
      if (type.isError) throw new Error(`no PromQL at ${from}: ${text}`);
      const textOf = (name: string) =>
        node
          .getChildren(name)
          .map((child) => text.slice(child.from, child.to))
          .at(0)!;
      if (type.name === 'VectorSelector') asked.push({ metric: textOf('Identifier'), labels: [] });
      if (type.name === 'UnquotedLabelMatcher') {
        asked.at(-1)!.labels.push({
          name: textOf('LabelName'),
          value: textOf('StringLiteral').slice(1, -1),
          isExact: textOf('MatchOp') === '=',
        });
      }
      if (type.name === 'GroupingLabels') grouped.push(...(text.slice(from, to).match(/\w+/g) ?? []));
    },
  });
  return { asked, grouped };
}

/** What it asks for that is not there. */
function missing(expression: string, scrape: Scrape): string[] {
  const { asked, grouped } = read(expression);
  const known = new Set(OF_PROMETHEUS.labels);
  const faults: string[] = [];
  for (const { metric, labels } of asked) {
    if (OF_PROMETHEUS.metrics.includes(metric)) continue;
    const samples = scrape.samples.filter(({ name }) => name === metric);
    if (samples.length === 0) faults.push(metric);
    for (const sample of samples) for (const label of Object.keys(sample.labels)) known.add(label);
    for (const { name, value, isExact } of labels) {
      if (OF_PROMETHEUS.labels.includes(name)) continue;
      const isThere = samples.some((sample) =>
        isExact ? sample.labels[name] === value : sample.labels[name] !== undefined,
      );
      if (!isThere) faults.push(`${metric}{${name}="${value}"}`);
    }
  }
  return [...faults, ...grouped.filter((label) => !known.has(label)).map((label) => `by (${label})`)];
}

describe('Metrics in deploy/', () => {
  let scrape: Scrape;
  let alerts: Alert[];
  let panels: Panel[];
  beforeAll(async () => {
    const file = parse(await readFile('deploy/prometheus/alerts.yaml', 'utf8')) as {
      groups: { name: string; rules: Alert[] }[];
    };
    alerts = file.groups.flatMap(({ rules }) => rules);
    ({ panels } = JSON.parse(await readFile('deploy/grafana/dashboard.json', 'utf8')) as { panels: Panel[] });

    const port = await freePort();
    const registry = await Registry.start('sqlite', {
      METRICS_PORT: String(port),
      RATE_LIMIT_REGISTER: '3/1m',
    });
    for (const body of [{}, { redirect_uris: ['no uri'] }, {}, {}]) await registry.register(body);
    await registry.graphql('{ oauthClients { totalCount } nothing }');
    await registry.graphql('{ oauthClients { totalCount } }');
    await registry.app.get(Retention, { strict: false }).run();
    await registry.app.get(Statistics, { strict: false }).refresh();
    await registry.dataSource.query('DROP TABLE oauth_client_secrets');
    await registry.dataSource.query('DROP TABLE oauth_clients');
    await registry.app.get(Retention, { strict: false }).run();
    // The metrics of garbage collection are there after the first one
    setFlagsFromString('--expose-gc');
    (runInNewContext('gc') as () => void)();
    await setImmediate();
    scrape = await Scrape.of(`http://127.0.0.1:${port}/metrics`);
    await registry.stop();
  });

  it('alerts use existing metrics and labels', () => {
    expect(alerts.length).toBeGreaterThan(8);
    expect(alerts.flatMap(({ expr }) => missing(expr, scrape))).toEqual([]);
  });

  it('alerts have a severity and a summary', () => {
    for (const { alert, labels, annotations } of alerts) {
      expect(alert).toMatch(/^[A-Z]\w+$/);
      expect(['critical', 'warning', 'info']).toContain(labels.severity);
      expect(annotations.summary.length).toBeGreaterThan(20);
    }
    expect(new Set(alerts.map(({ alert }) => alert)).size).toBe(alerts.length);
  });

  it('the dashboard uses existing metrics and labels', () => {
    const targets = panels.flatMap(({ targets = [] }) => targets);
    expect(targets.length).toBeGreaterThan(20);
    expect(targets.flatMap(({ expr }) => missing(expr, scrape))).toEqual([]);
    for (const { expr, legendFormat } of targets) {
      const labels = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label!);
      expect(read(expr).grouped).toEqual(expect.arrayContaining(labels));
    }
  });

  it('the dashboard shows every metric of the registry', () => {
    const shown = JSON.stringify(panels);
    const own = scrape.samples.map(({ name }) => name).filter((name) => /^(oauth_registry|http)_/.test(name));
    const families = new Set(own.map((name) => name.replace(/_(?:bucket|sum|count)$/, '')));
    expect([...families].filter((family) => !shown.includes(family))).toEqual([]);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  });

  it.each([
    ['sum(rate(http_requests_total[5m]))', ['http_requests_total']],
    ['oauth_registry_ready{node="a"}', ['oauth_registry_ready{node="a"}']],
    ['oauth_registry_secrets_expiring{within="8d"}', ['oauth_registry_secrets_expiring{within="8d"}']],
    ['sum by (color) (oauth_registry_ready)', ['by (color)']],
  ])('detects missing metrics and labels: %s', (expression, expected) => {
    expect(missing(expression, scrape)).toEqual(expected);
  });

  it('detects invalid PromQL', () => {
    expect(() => read('sum by (le (rate(x[5m])))')).toThrow('no PromQL');
  });
});
