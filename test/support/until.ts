/** Waits for what happens in the background. @throws Error if it does not happen within this time */
export async function until(isSo: () => boolean | Promise<boolean>, withinMs = 5_000): Promise<void> {
  const start = performance.now();
  while (!(await isSo())) {
    if (performance.now() - start > withinMs) throw new Error(`It is not so after ${withinMs} ms`);
    await new Promise((done) => setTimeout(done, 20));
  }
}
