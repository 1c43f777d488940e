import { format } from 'prettier';
import { COMPILING_SECONDS, type Result } from './compare.js';
import type { Engine } from './databases.js';
import { judge } from './goals.js';
import { WARM_UP_SECONDS } from './measured-window.js';
import type { Start } from './start.js';

export interface Run {
  /** One line each. */
  machine: string[];
  versions: Map<Engine, string>;
  starts: Start[];
  results: Result[];
  rounds: number;
  seconds: number;
  seededClients: number;
}

export const TITLES: Record<Engine, string> = { sqlite: 'SQLite', postgres: 'PostgreSQL' };

/** Everything that was found out, as Markdown. */
export async function report({
  machine,
  versions,
  starts,
  results,
  rounds,
  seconds,
  seededClients,
}: Run): Promise<string> {
  const databases = [...versions].map(([engine, version]) => `${TITLES[engine]} ${version}`);
  const sections = [
    '# Benchmark',
    list([...machine, ...databases, `Date: ${new Date().toISOString().slice(0, 10)}`]),
    `Each server is a process of its own with a database of its own, which has ${seededClients} clients before the ` +
      'first measurement; the load comes from another process on the same machine (autocannon). ' +
      `Each contender answers every kind of request for ${COMPILING_SECONDS} s before that is measured, so that its code is compiled. ` +
      `A number is the median of ${rounds} rounds of ${seconds} s, each after a warm-up of at least ${WARM_UP_SECONDS} s ` +
      'in which every connection gets a reply; within a round the contenders take turns, and every round begins with another. ' +
      'Every reply had the status that it should have; processor time and memory are those of the server alone, without ' +
      'those of PostgreSQL.',
    ...[...versions.keys()].flatMap((engine) => [
      `## ${TITLES[engine]}`,
      resultTable(results.filter((result) => result.engine === engine)),
    ]),
    '## Start',
    'Time until the service listens, and its memory before the first request, with the authorization server on.',
    table(
      ['engine', 'ready ms', 'memory MB'],
      starts.map(({ engine, readyMs, idleMb }) => [
        TITLES[engine],
        whole(readyMs),
        idleMb?.toFixed(0) ?? 'n/a',
      ]),
    ),
    '## Goals',
    table(
      ['engine', 'goal', 'measured', 'reached'],
      judge(results, starts).map((verdict) => [
        TITLES[verdict.engine],
        verdict.goal,
        verdict.measured,
        verdict.isReached ? 'yes' : '**no**',
      ]),
    ),
  ];
  return format(sections.join('\n\n'), { parser: 'markdown' });
}

function resultTable(results: readonly Result[]): string {
  return table(
    [
      'operation',
      'connections',
      'contender',
      'req/s',
      'slowest to fastest round',
      'p50 ms',
      'p99 ms',
      'CPU ms per request',
      'memory MB',
    ],
    results.map((result) => [
      result.operation,
      String(result.connections),
      result.label,
      whole(result.responsesPerSecond),
      result.responsesPerSecondRange.map(whole).join(' – '),
      result.p50Ms.toFixed(2),
      result.p99Ms.toFixed(2),
      result.cpuMsPerResponse?.toFixed(3) ?? 'n/a',
      result.residentMb?.toFixed(0) ?? 'n/a',
    ]),
  );
}

const whole = (value: number) => Math.round(value).toLocaleString('en');
export const list = (lines: readonly string[]) => lines.map((line) => `- ${line}`).join('\n');
export const table = (head: readonly string[], rows: readonly (readonly string[])[]) =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
