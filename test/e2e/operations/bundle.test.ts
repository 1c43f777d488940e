import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Program } from '../../support/process.js';

/** Of these a second copy does no harm: they hold nothing. */
const STATELESS = ['debug', 'fdir', 'has-flag', 'ms', 'picomatch', 'supports-color', 'tinyglobby', 'tslib'];

/** Writes the files that the process has loaded from packages when it ends. */
const REPORT_LOADED = `
  import { writeFileSync } from 'node:fs';
  import { createRequire } from 'node:module';
  process.on('exit', () => writeFileSync('loaded', Object.keys(createRequire(process.cwd() + '/x').cache).join('\\n')));
`;

const packageOf = (path: string) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1];
const packagesOf = (paths: readonly string[]) => {
  const names = paths.map(packageOf).filter((name) => name !== undefined);
  return [...new Set(names)].sort();
};

/** Those of which there is a copy in the bundle. */
async function bundledPackages(): Promise<string[]> {
  const files = await readdir(resolve('dist/chunks'));
  const maps = files.filter((file) => file.endsWith('.map'));
  const sources = await Promise.all(
    maps.map(async (file) => {
      const map = JSON.parse(await readFile(join('dist/chunks', file), 'utf8')) as { sources: string[] };
      return map.sources;
    }),
  );
  return packagesOf(sources.flat());
}

/** The packages that a service has loaded when it ends, after it has served these paths. */
async function loadedPackages(paths: string[], env: Record<string, string> = {}): Promise<string[]> {
  const directory = await mkdtemp(join(tmpdir(), 'bundle-'));
  try {
    const service = new Program('main.js', {
      cwd: directory,
      env: {
        PORT: '0',
        DATABASE_URL: 'sqlite:registry.sqlite',
        NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(REPORT_LOADED)}`,
        ...env,
      },
    });
    const url = await service.says(/Listening on (http:\S+)/);
    for (const path of paths) {
      const { status } = await fetch(url + path, { headers: { accept: 'text/html' } });
      expect([path, status]).toEqual([path, 200]);
    }
    expect(await service.stop()).toBe(0);
    return packagesOf((await readFile(join(directory, 'loaded'), 'utf8')).split('\n'));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

test('no package is loaded twice, from the bundle and from node_modules', async () => {
  const loaded = await loadedPackages(['/docs', '/graphql', '/admin', '/health/ready'], {
    METRICS_PORT: '0',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
    REGISTRATION_RESERVED_NAMES: 'Acme',
  });
  const bundled = await bundledPackages();

  expect(loaded).toEqual(expect.arrayContaining(['typeorm', 'altair-static']));
  expect(bundled).toContain('@nestjs/core');
  expect(loaded.filter((name) => bundled.includes(name) && !STATELESS.includes(name))).toEqual([]);
});

test('the explorer is loaded with its page', async () => {
  const loaded = await loadedPackages([]);
  expect(loaded).toContain('typeorm');
  expect(loaded).not.toContain('altair-static');
});
