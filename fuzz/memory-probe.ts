/** Loaded into the service by `--import`: reports over IPC the heap after a full garbage collection. Its threads have no channel. */
if (process.channel) {
  process.on('message', () => {
    globalThis.gc!();
    process.send!(process.memoryUsage());
  });
  process.channel.unref();
}
