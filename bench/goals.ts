import type { Result } from './compare.js';
import { type Engine, ENGINES } from './databases.js';
import type { OperationName } from './operations.js';
import type { Start } from './start.js';

/** Something that was to be reached, and what was. */
export interface Verdict {
  engine: Engine;
  goal: string;
  measured: string;
  isReached: boolean;
}

/** At 50 connections, the throughput of `label` is to be that part of the throughput of `other`. */
interface SpeedGoal {
  operation: OperationName;
  label: string;
  other: string;
  ratio: Record<Engine, number>;
}

const SPEED_GOALS: readonly SpeedGoal[] = [
  {
    operation: 'register',
    label: 'registry',
    other: 'node-oidc-provider',
    ratio: { sqlite: 5, postgres: 3 },
  },
  { operation: 'create', label: 'registry', other: 'bare', ratio: { sqlite: 1.5, postgres: 0.8 } },
  { operation: 'get', label: 'registry', other: 'bare', ratio: { sqlite: 0.6, postgres: 0.7 } },
  { operation: 'list', label: 'registry, GraphQL', other: 'registry', ratio: { sqlite: 0.5, postgres: 0.5 } },
];
const MANY_CONNECTIONS = 50;

/** With one connection, the median of the registry's response times is to exceed that of the bare route by no more. */
const OVERHEAD_MS = 0.5;
const OVERHEAD_OPERATIONS: readonly OperationName[] = ['create', 'get'];

const READY_MS = 1_500;
const IDLE_MB = 150;

export const CONNECTIONS: readonly number[] = [1, MANY_CONNECTIONS];

/** Judges what was measured; goals about anything else are left out. */
export function judge(results: readonly Result[], starts: readonly Start[]): Verdict[] {
  return ENGINES.flatMap((engine) => {
    const find = (operation: OperationName, connections: number, label: string) =>
      results.find(
        (result) =>
          result.engine === engine &&
          result.operation === operation &&
          result.connections === connections &&
          result.label === label,
      );

    const speeds = SPEED_GOALS.map(({ operation, label, other, ratio }) => {
      const [mine, theirs] = [label, other].map((name) => find(operation, MANY_CONNECTIONS, name));
      if (!mine || !theirs) return undefined;
      const measured = mine.responsesPerSecond / theirs.responsesPerSecond;
      return {
        engine,
        goal: `${operation}: ${label} ≥ ${ratio[engine]} × ${other}, ${MANY_CONNECTIONS} connections`,
        measured: `${measured.toFixed(2)} ×`,
        isReached: measured >= ratio[engine],
      };
    });

    const overheads = OVERHEAD_OPERATIONS.map((operation) => {
      const [mine, theirs] = ['registry', 'bare'].map((name) => find(operation, 1, name));
      if (!mine || !theirs) return undefined;
      const measuredMs = mine.p50Ms - theirs.p50Ms;
      return {
        engine,
        goal: `${operation}: p50 of registry − p50 of bare ≤ ${OVERHEAD_MS} ms, 1 connection`,
        measured: `${measuredMs.toFixed(2)} ms`,
        isReached: measuredMs <= OVERHEAD_MS,
      };
    });

    const start = starts.find((candidate) => candidate.engine === engine);
    const atStart = start && [
      {
        engine,
        goal: `start: ready in ≤ ${READY_MS} ms`,
        measured: `${start.readyMs.toFixed(0)} ms`,
        isReached: start.readyMs <= READY_MS,
      },
      start.idleMb === null
        ? undefined
        : {
            engine,
            goal: `start: ≤ ${IDLE_MB} MB when idle`,
            measured: `${start.idleMb.toFixed(0)} MB`,
            isReached: start.idleMb <= IDLE_MB,
          },
    ];

    return [...speeds, ...overheads, ...(atStart ?? [])].filter((verdict) => verdict !== undefined);
  });
}
