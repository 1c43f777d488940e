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
  /** … of this; null or undefined if it was not measured. */
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

const GOALS: readonly Goal[] = [
  throughput('register', 'registry', 'node-oidc-provider', { sqlite: 5, postgres: 2.7 }),
  throughput('create', 'registry', 'bare', { sqlite: 1.8, postgres: 0.75 }),
  throughput('get', 'registry', 'bare', { sqlite: 0.5, postgres: 1 }),
  throughput('authenticate', 'registry, secret', 'registry, get', { sqlite: 0.6, postgres: 0.6 }),
  throughput('client credentials', 'registry', 'node-oidc-provider', { sqlite: 1.5, postgres: 1 }),
  throughput('introspect', 'registry', 'node-oidc-provider', { sqlite: 2, postgres: 2 }),
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

/** Compares the measurements to the goals; goals without a measurement are omitted. */
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
