/** Loaded into the service by `--import`: reports over IPC the heap after a full garbage collection. */
process.on('message', () => {
  globalThis.gc!();
  process.send!(process.memoryUsage());
});
process.channel!.unref();
