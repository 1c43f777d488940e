/** Imports what it starts, as Jest compiles no TypeScript. */
export default async function setUpRun() {
  const { startPostgresForRun } = await import('../backing-services/postgres.ts');
  await startPostgresForRun();
}
