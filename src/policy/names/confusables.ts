import { createRequire } from 'node:module';
import type { Skeleton } from './name-readings.js';

/**
 * Unicode's table of characters that can be mistaken for others. The function that comes with it searches its thousands of rows one by
 * one for each character; this looks it up.
 */
export function loadConfusables(): Skeleton {
  const table = createRequire(import.meta.url)('unhomoglyph/data.json') as Record<string, string>;
  const prototypes = new Map(Object.entries(table));
  return (text) => {
    let skeleton = '';
    for (const character of text) skeleton += prototypes.get(character) ?? character;
    return skeleton;
  };
}
