import type { Result } from './compare.js';
import { type Engine, ENGINES } from './databases.js';
import type { OperationName } from './operations.js';
import type { Start } from './start.js';

const MANY_CONNECTIONS = 50;
export const CONNECTIONS: readonly number[] = [1, MANY_CONNECTIONS];

/** What was measured of one engine; undefined: it was not. */
interface Measurements {
  result: (operation: OperationName, connections: number, label: string) => Result | undefined;
  start: Start | undefined;
}

/** Something that is to be reached. */
interface Goal {
  /** @param limit with its unit */
  text: (limit: string) => string;
  /** It is to be so much … */
  is: 'at least' | 'at most';
  limit: Record<Engine, number>;
  unit: '×' | 'ms' | 'MB';
  digits: number;
  /** … of this; null or undefined where it was not measured. */
  measure: (measurements: Measurements) => number | null | undefined;
}

/** The throughput of `label`, as a multiple of that of `other`. */
const throughput = (
  operation: OperationName,
  label: string,
  other: string,
  limit: Record<Engine, number>,
): Goal => ({
  text: (limit) => `${operation}: ${label} ≥ ${limit} ${other}, ${MANY_CONNECTIONS} connections`,
  is: 'at least',
  limit,
  unit: '×',
  digits: 2,
  measure: ({ result }) => {
    const [mine, theirs] = [label, other].map((name) => result(operation, MANY_CONNECTIONS, name));
    return mine && theirs && mine.responsesPerSecond / theirs.responsesPerSecond;
  },
});

/** By how much the median of the registry's response times exceeds that of the bare route, where nobody else asks. */
const overhead = (operation: OperationName): Goal => ({
  text: (limit) => `${operation}: p50 of registry − p50 of bare ≤ ${limit}, 1 connection`,
  is: 'at most',
  limit: { sqlite: 0.5, postgres: 0.5 },
  unit: 'ms',
  digits: 2,
  measure: ({ result }) => {
    const [mine, theirs] = ['registry', 'bare'].map((name) => result(operation, 1, name));
    return mine && theirs && mine.p50Ms - theirs.p50Ms;
  },
});

const GOALS: readonly Goal[] = [
  throughput('register', 'registry', 'node-oidc-provider', { sqlite: 5, postgres: 3 }),
  throughput('create', 'registry', 'bare', { sqlite: 1.5, postgres: 0.8 }),
  throughput('get', 'registry', 'bare', { sqlite: 0.6, postgres: 0.7 }),
  overhead('create'),
  overhead('get'),
  {
    text: (limit) => `start: ready in ≤ ${limit}`,
    is: 'at most',
    limit: { sqlite: 1500, postgres: 1500 },
    unit: 'ms',
    digits: 0,
    measure: ({ start }) => start?.readyMs,
  },
  {
    text: (limit) => `start: ≤ ${limit} when idle`,
    is: 'at most',
    limit: { sqlite: 150, postgres: 150 },
    unit: 'MB',
    digits: 0,
    measure: ({ start }) => start?.idleMb,
  },
];

/** A goal, and how near it is. */
export interface Verdict {
  engine: Engine;
  goal: string;
  measured: string;
  isReached: boolean;
}

/** Judges what was measured; goals about anything else are left out. */
export function judge(results: readonly Result[], starts: readonly Start[]): Verdict[] {
  return ENGINES.flatMap((engine) => {
    const result: Measurements['result'] = (operation, connections, label) =>
      results.find(
        (one) =>
          one.engine === engine &&
          one.operation === operation &&
          one.connections === connections &&
          one.label === label,
      );
    const start = starts.find((one) => one.engine === engine);
    return GOALS.flatMap(({ text, is, limit, unit, digits, measure }) => {
      const measured = measure({ result, start });
      if (measured === undefined || measured === null) return [];
      const isReached = is === 'at least' ? measured >= limit[engine] : measured <= limit[engine];
      const goal = text(`${limit[engine]} ${unit}`);
      return { engine, goal, measured: `${measured.toFixed(digits)} ${unit}`, isReached };
    });
  });
}
