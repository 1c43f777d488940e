import { batches, type BatchMessage } from '../../../src/diagnostics/channels.js';

/** How many long reads some work takes. */
export async function longReadsOf(work: () => Promise<unknown>): Promise<number> {
  let reads = 0;
  const note = (message: unknown) => {
    if ((message as BatchMessage).name === 'long read') reads++;
  };
  batches.subscribe(note);
  try {
    await work();
  } finally {
    batches.unsubscribe(note);
  }
  return reads;
}
