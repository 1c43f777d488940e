import { randomFillSync } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';

const ID_BYTES = 16;
/** Random bytes are drawn for this many ids at once: a draw costs more than the rest of an id. */
const IDS_PER_DRAW = 256;
const SEQUENCE_BITS = 31;
/** A clock that goes back further was set, and is trusted: ids, and with them events, would else be dated wrong until it catches up. */
const MAX_STEP_BACK_MS = 1_000;

const pool = Buffer.alloc(ID_BYTES * IDS_PER_DRAW);
let used = pool.length;
let lastMs = 0;
let sequence = 0;

/**
 * A UUIDv7 (RFC 9562 §5.7): it sorts by the time at which it was made, also among those that this process makes in the same
 * millisecond, unless the clock was set back. Not for secrets.
 */
export function newId(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const random = pool.subarray(used, (used += ID_BYTES));
  const now = Date.now();
  if (now > lastMs || now < lastMs - MAX_STEP_BACK_MS) {
    lastMs = now;
    // Room to count on within the millisecond
    sequence = random.readUInt32BE(0) >>> 2;
  } else {
    sequence = (sequence + 1) % 2 ** SEQUENCE_BITS;
    if (sequence === 0) lastMs++;
  }
  return uuidv7({ random, msecs: lastMs, seq: sequence });
}
