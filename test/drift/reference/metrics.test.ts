import { type Metric, Registry as PrometheusRegistry } from 'prom-client';
import { freePort } from '../../support/network/free-port.js';
import { Registry } from '../../support/registry.js';
import { code, expectGenerated, pageOf, plain, tableOf } from './generated.js';

/** What a metric is declared with, which prom-client does not type. */
type Declared = Metric & { name: string; help: string; labelNames: readonly string[] };

/** All metrics that a started service registers. */
async function metricsOfService() {
  const register = jest.spyOn(PrometheusRegistry.prototype, 'registerMetric');
  const registry = await Registry.start('sqlite', { METRICS_PORT: String(await freePort()) });
  try {
    const metrics = register.mock.calls.map(([metric]) => metric as Declared);
    return await Promise.all(
      metrics.map(async (metric) => {
        const { name, help, labelNames } = metric;
        const { type } = (await metric.get()) as unknown as { type: string };
        return { name, help, labelNames, type };
      }),
    );
  } finally {
    register.mockRestore();
    await registry.stop();
  }
}

it('docs/reference/metrics.md has every metric of a started service; `npm run schema` regenerates it', async () => {
  const metrics = await metricsOfService();
  const own = metrics.filter(({ name }) => /^(?:http|oauth_registry)_/.test(name));
  // Those of Node.js differ by operating system
  const others = metrics.filter((metric) => !own.includes(metric));
  expect(others.filter(({ name }) => !/^(?:process|nodejs)_/.test(name))).toEqual([]);
  expect(own.length).toBeGreaterThan(15);
  const rows = own
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, type, labelNames, help }) => [
      code(name),
      type,
      labelNames.map(code).join(', '),
      plain(help),
    ]);
  const page = pageOf(
    'Metrics',
    'This page lists the Prometheus metrics of the service, with their types and labels.',
    'src/observability/metrics',
    'If `METRICS_PORT` is set, the service serves the metrics at `GET /metrics` on this port, without authentication. See [Observability](../operations/observability.md) for the dashboard, the alerts, and how to combine the metrics of several instances.',
    '- Each instance serves its own metrics.\n- A histogram has the series `_bucket`, `_sum` and `_count`. Durations are in seconds.\n- No label has a value that a caller can choose freely.',
    '## Service',
    tableOf(['Metric', 'Type', 'Labels', 'Description'], rows),
    '## Node.js',
    'The default metrics of [prom-client](https://github.com/siimon/prom-client#default-metrics) describe the process: `process_*` (CPU time, memory, open files) and `nodejs_*` (event loop, heap, garbage collection).',
  );
  await expectGenerated('docs/reference/metrics.md', page);
});
