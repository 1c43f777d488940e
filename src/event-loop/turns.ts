import { RoundRobin } from '../queues/round-robin.js';

/** How long work is begun in one turn, in milliseconds. The rest waits for the next turn. */
const TURN_MS = 5;
/** How long at most no work is begun while connections arrive: Node.js accepts one with each iteration of the event loop. */
const ACCEPTING_MS = 20;
/** Work that is begun at most in one turn, of what has waited. */
const BEGUN_PER_TURN = 64;
/** Of these, urgent work that begins before the other, in at most half of the turn. */
const URGENT_PER_TURN = 32;
/** Rejections that begin after it. More would leave less of the turn to accepted work: rejected callers repeat their requests. */
const REJECTIONS_PER_TURN = 4;

/** By caller: one with much work delays others by one piece of it. */
const queue = new RoundRobin<() => void>();
const urgent = new RoundRobin<() => void>();
const rejections = new RoundRobin<() => void>();
/** When the first urgent work or rejection of the turn was asked for. */
let urgentSinceMs: number | null = null;
let urgentBegun = 0;
let rejectionsBegun = 0;
let isInTurn = false;
/** When the turn began; `Infinity`: its first work has not begun. */
let turnSinceMs = 0;
/** Whether {@link takeTurn} was passed in it. */
let isTaken = false;
/** Whether queued work begins now: turns that it asks for meanwhile are a part of it, and do not queue again. */
let isBeginning = false;
/** Connections that were accepted, ever; and until the last iteration. */
let accepted = 0;
let acceptedBefore = 0;
let acceptingSinceMs: number | null = null;

/** Call it for each new connection: others may wait after it. */
export function noteConnection(): void {
  accepted++;
}

/**
 * Does work at once, or in a later turn if work has been done for long in this one. Work that blocks (SQLite answers at once, and large
 * replies are made at once) would otherwise take one iteration of the event loop together, and no connection would be accepted meanwhile.
 * @param caller callers whose work waits take turns
 */
export function doInTurn(caller: string, work: () => void): void {
  if (isTurnOver()) queue.push(caller, work);
  else work();
}

/**
 * Does short work at once before all that waits, for a few milliseconds in a turn. Beyond that, it comes first in the next turns: many health
 * checks would otherwise keep new connections, and with them other health checks, from being accepted.
 * @param caller callers whose work waits take turns
 */
export function doUrgently(caller: string, work: () => void): void {
  doBeforeOthers(urgent, caller, work);
}

/** The same for a rejection. In later turns it begins after urgent work, which would otherwise wait for one rejection of each caller. */
export function rejectInTurn(caller: string, reject: () => void): void {
  doBeforeOthers(rejections, caller, reject);
}

function doBeforeOthers(waiting: RoundRobin<() => void>, caller: string, work: () => void): void {
  beginTurn();
  const now = performance.now();
  urgentSinceMs ??= now;
  if (waiting.size > 0 || now - urgentSinceMs > TURN_MS) waiting.push(caller, work);
  else work();
}

/**
 * Waits for a turn to do work that takes a millisecond or more. In one iteration of the event loop, the first call gets it at once if
 * nothing waits: the work of each begins only after all have called.
 * @param caller whose work it is: an organization or, as for {@link doInTurn}, a caller of HTTP
 */
export async function takeTurn(caller: string): Promise<void> {
  if (isTurnOver() || isTaken || queue.size > 0) await new Promise<void>((done) => queue.push(caller, done));
  else isTaken = true;
}

/** Waits for the next turn with work that has begun, before any of its caller that has not: it may hold much memory. */
export async function continueInTurn(caller: string): Promise<void> {
  beginTurn();
  await new Promise<void>((done) => queue.unshift(caller, done));
}

/** The caller of work for an organization, of any address; '': the operators. */
export const organizationCaller = (orgId: string) => `organization ${orgId}`;

function isTurnOver(): boolean {
  beginTurn();
  return (queue.size > 0 && !isBeginning) || performance.now() - turnSinceMs > TURN_MS;
}

function beginTurn(): void {
  if (isInTurn) return;
  isInTurn = true;
  turnSinceMs = performance.now();
  setImmediate(endTurn);
}

function endTurn(): void {
  isBeginning = false;
  const hasAccepted = accepted !== acceptedBefore;
  acceptedBefore = accepted;
  if (hasAccepted) {
    const now = performance.now();
    acceptingSinceMs ??= now;
    // Until no connection waits to be accepted
    if (countWaiting() === 0 || now - acceptingSinceMs < ACCEPTING_MS) {
      setImmediate(endTurn);
      return;
    }
  }
  acceptingSinceMs = null;
  isTaken = false;
  urgentSinceMs = null;
  urgentBegun = rejectionsBegun = 0;
  const count = Math.min(countWaiting(), BEGUN_PER_TURN);
  isInTurn = count > 0;
  if (!isInTurn) return;
  turnSinceMs = Infinity;
  // An immediate for each: the microtasks of one run before the next
  for (let i = 0; i < count; i++) setImmediate(beginNext);
  setImmediate(endTurn);
}

function beginNext(): void {
  isBeginning = true;
  const now = performance.now();
  if (turnSinceMs === Infinity) turnSinceMs = now;
  if (now - turnSinceMs > TURN_MS) return;
  const isUrgentFirst = urgentBegun < URGENT_PER_TURN && now - turnSinceMs <= TURN_MS / 2;
  if (isUrgentFirst && urgent.size > 0) {
    urgentBegun++;
    urgent.shift()!();
  } else if (rejectionsBegun < REJECTIONS_PER_TURN && rejections.size > 0) {
    rejectionsBegun++;
    rejections.shift()!();
  } else (queue.shift() ?? urgent.shift() ?? rejections.shift())?.();
}

const countWaiting = () => queue.size + urgent.size + rejections.size;
