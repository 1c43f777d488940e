/** Says whether work is still wanted. */
export interface Cancellation {
  /** Whether the caller still waits: work that has not begun by then is not done. Undefined: it is always wanted. */
  isWaiting?: () => boolean;
}

export const isWaiting = (cancellation: Cancellation) => cancellation.isWaiting?.() ?? true;
