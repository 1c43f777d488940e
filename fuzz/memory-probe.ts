/** Loaded into the service by `--import`: tells over IPC what it holds on to, after a full garbage collection. */
process.on('message', () => {
  globalThis.gc!();
  process.send!(process.memoryUsage());
});
process.channel!.unref();
