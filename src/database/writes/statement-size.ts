/** Rows of one statement: both engines limit the number of its parameters. */
const BATCH = 500;

/** The rows, in portions that fit into one statement. */
export function batchesOf<T>(rows: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(rows.length / BATCH) }, (_, i) =>
    rows.slice(i * BATCH, (i + 1) * BATCH),
  );
}
