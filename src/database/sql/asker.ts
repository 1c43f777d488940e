/** Whoever asked for something. */
export interface Asker {
  /** Whether they still wait for an answer: what is not begun by then is not done for nobody. Undefined: as long as it takes. */
  isWaiting?: () => boolean;
}

export const isWaiting = (asker: Asker) => asker.isWaiting?.() ?? true;
