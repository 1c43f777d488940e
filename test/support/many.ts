/** An array of `count` results of `each`. */
export const many = <T>(count: number, each: (index: number) => T) =>
  Array.from({ length: count }, (_, i) => each(i));
