import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { validate } from 'dockerfile-utils';
import { Deployment } from 'kubernetes-models/apps/v1';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1';
import { ConfigMap, Service } from 'kubernetes-models/v1';
import { parse } from 'yaml';
import { readConfig, VARIABLES } from '../../src/config/variables.js';
import { DRAIN_MS, SHUTDOWN_TIMEOUT_MS } from '../../src/http/lifecycle/drain.js';
import { Registry } from '../support/registry.js';

const dockerfile = readFileSync('Dockerfile', 'utf8');
const nginxConf = readFileSync('deploy/nginx.conf', 'utf8');
const scripts = JSON.parse(readFileSync('package.json', 'utf8')).scripts as Record<string, string>;
const readYaml = (path: string) => parse(readFileSync(path, 'utf8'), { merge: true });
const seconds = (text: string) => Number(/^(\d+)s$/.exec(text)![1]);

/** Starts, as the service would, with an environment in which all that is left open is filled in. */
function expectGoodEnvironment(env: Record<string, unknown>): void {
  const filled = Object.entries(env).map(([name, value]) => [
    name,
    String(value).replace(
      /\$\{\w+(?::-([^}]*)|:\?[^}]*)?\}/g,
      (_, fallback: string) => fallback ?? 'x'.repeat(40),
    ),
  ]);
  expect(Object.keys(env).filter((name) => !VARIABLES.includes(name))).toEqual([]);
  expect(() => readConfig(Object.fromEntries(filled))).not.toThrow();
}

/** The arguments of the one instruction of that name, in the form of a list. */
const listOf = (instruction: string): string[] =>
  JSON.parse(new RegExp(`^\\s*${instruction} (\\[.*\\])$`, 'm').exec(dockerfile)![1]!);

describe('Dockerfile', () => {
  it("passes Docker's build checks", () => {
    expect(validate(dockerfile)).toEqual([]);
  });

  it('runs what npm start runs, without a shell, and not as root', () => {
    expect(`exec ${[...listOf('ENTRYPOINT'), ...listOf('^CMD')].join(' ')}`).toBe(scripts.start);
    const [, , lastStage = ''] = dockerfile.split(/^FROM /m);
    expect(/^USER (\d+):\d+$/m.exec(lastStage)?.[1]).toMatch(/^[1-9]/);
  });

  it.each(['docs/operations/deployment.md', 'bench/server.ts', 'fuzz/service.ts'])(
    '%s runs it with the same flag',
    (path) => {
      const flag = /--[\w-]+=\d+/g;
      expect(new Set(readFileSync(path, 'utf8').match(flag))).toEqual(new Set(scripts.start!.match(flag)));
    },
  );

  it('copies nothing that .dockerignore excludes', () => {
    const allowed = readFileSync('.dockerignore', 'utf8').match(/(?<=^!).+/gm);
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, list]) =>
      list!.split(' '),
    );
    expect(copied.sort()).toEqual(allowed!.sort());
  });

  it('has an environment that the service knows', () => {
    const [, line] = /^ENV (.+)$/m.exec(dockerfile)!;
    expectGoodEnvironment(Object.fromEntries(line!.split(' ').map((pair) => pair.split('='))));
  });
});

describe('health checks of an instance', () => {
  let registry: Registry;
  beforeAll(async () => {
    registry = await Registry.start('sqlite');
  });
  afterAll(() => registry.stop());

  it('Dockerfile: the command ends with 0 if the service is ready, and with 1 if nothing listens', async () => {
    const [program, ...args] = listOf('CMD');
    const check = (PORT: string) =>
      new Promise((done) => {
        execFile(program!, args, { env: { PATH: process.env.PATH, PORT } }, (error) =>
          done(error?.code ?? 0),
        );
      });
    expect(await check(new URL(registry.url).port)).toBe(0);
    expect(await check('9')).toBe(1);
  });

  it('Kubernetes: the probes use existing paths and ports', async () => {
    const [container] = deployment.spec.template.spec.containers;
    for (const name of ['startupProbe', 'livenessProbe', 'readinessProbe']) {
      const { path, port } = container[name].httpGet;
      expect((await registry.send(path, { method: 'GET' })).status).toBe(200);
      expect(portOf(container, port)).toBe(readConfig({}).port);
    }
  });
});

describe('compose.yaml', () => {
  const { services, networks } = readYaml('compose.yaml');
  const instances = Object.keys(services).filter((name) => name.startsWith('registry-'));
  const addressOf = (name: string): string => services[name].networks.registry.ipv4_address;

  it('has three instances that differ only in their addresses', () => {
    const [first, ...others] = instances.map((name) => ({ ...services[name], networks: null }));
    expect(others).toEqual([first, first]);
    expect(networks.registry.ipam.config).toEqual([{ subnet: '172.29.77.0/24' }]);
  });

  it('gives them an environment that the service knows, and trusts nginx alone', () => {
    const { environment, env_file } = services['registry-1'];
    expectGoodEnvironment(environment);
    expect(environment.TRUST_PROXY).toBe(addressOf('nginx'));
    // Compose passes nothing else of .env on
    expect(env_file).toBe('.env');
  });

  it('gives a container that is not the database no more permissions than it needs', () => {
    for (const name of [...instances, 'nginx', 'redis']) {
      expect(services[name]).toMatchObject({
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
      });
    }
    expect(Object.values<{ ports?: string[] }>(services).flatMap(({ ports = [] }) => ports)).toEqual([
      '8080:8080',
    ]);
  });

  it('waits longer than an instance takes to stop', () => {
    for (const name of instances) {
      expect(seconds(services[name].stop_grace_period) * 1000).toBeGreaterThan(SHUTDOWN_TIMEOUT_MS);
    }
  });

  it('nginx.conf knows the instances, and closes unused connections before an instance that stops does', () => {
    const servers = [...nginxConf.matchAll(/^\s*server (\S+) /gm)].map(([, address]) => address);
    expect(servers).toEqual(instances.map((name) => `${addressOf(name)}:3000`));
    const [, keepAlive] = /keepalive_timeout (\S+);/.exec(nginxConf)!;
    expect(seconds(keepAlive!) * 1000).toBeLessThan(DRAIN_MS);
    // nginx does not send a POST to a second server
    expect(nginxConf).toContain('proxy_next_upstream error timeout;');
  });
});

const DIRECTORY = 'deploy/kubernetes';
const resources = readdirSync(DIRECTORY).map((name) => readYaml(join(DIRECTORY, name)));
const only = (kind: string) => {
  const [resource, ...others] = resources.filter((resource) => resource.kind === kind);
  expect(others).toEqual([]);
  return resource;
};
const deployment = only('Deployment');
const portOf = ({ ports }: { ports: { name: string; containerPort: number }[] }, wanted: string) =>
  ports.find(({ name }) => name === wanted)?.containerPort;

describe('deploy/kubernetes', () => {
  const pod = deployment.spec.template;
  const [container] = pod.spec.containers;

  it.each([
    [only('Deployment'), Deployment],
    [only('Service'), Service],
    [only('ConfigMap'), ConfigMap],
    [only('PodDisruptionBudget'), PodDisruptionBudget],
  ])('%#: is valid by the schema of Kubernetes', (resource, Model) => {
    expect(() => new Model(resource).validate()).not.toThrow();
    expect({ ...resource }).toMatchObject({ apiVersion: Model.apiVersion, kind: Model.kind });
  });

  it('gives the service an environment that it knows', () => {
    expectGoodEnvironment(only('ConfigMap').data);
    expect(container.envFrom).toEqual([
      { configMapRef: { name: only('ConfigMap').metadata.name } },
      { secretRef: { name: 'oauth-client-registry' } },
    ]);
  });

  it('gives the container no more permissions than it needs', () => {
    expect(pod.spec.securityContext).toMatchObject({
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(pod.spec.automountServiceAccountToken).toBe(false);
  });

  it('waits longer than a pod takes to stop, and informs load balancers before', () => {
    const [, waitedMs] = /setTimeout\(\(\) => \{\}, (\d+)\)/.exec(
      String(container.lifecycle.preStop.exec.command),
    )!;
    expect(Number(waitedMs)).toBeGreaterThanOrEqual(5_000);
    expect(pod.spec.terminationGracePeriodSeconds * 1000).toBeGreaterThan(
      Number(waitedMs) + SHUTDOWN_TIMEOUT_MS,
    );
  });

  it('a release keeps all instances running, and a node drain at least one', () => {
    expect(deployment.spec.strategy.rollingUpdate.maxUnavailable).toBe(0);
    expect(only('PodDisruptionBudget').spec.maxUnavailable).toBeLessThan(deployment.spec.replicas);
    for (const selector of [
      deployment.spec.selector.matchLabels,
      only('PodDisruptionBudget').spec.selector.matchLabels,
      only('Service').spec.selector,
    ]) {
      expect(pod.metadata.labels).toMatchObject(selector);
    }
  });

  it('routes the service to an existing port', () => {
    const [{ targetPort }] = only('Service').spec.ports;
    expect(portOf(container, targetPort)).toBe(readConfig({}).port);
  });
});
