/**
 * Parsers of URLs read an invalid escape differently, and most fail without saying where.
 * @throws Error that says what to send instead
 */
export function rejectBadEscapes(url: string): void {
  if (decode(url).includes('\0')) throw new Error('has a NUL byte (%00): leave it out');
}

function decode(url: string): string {
  try {
    return decodeURIComponent(url);
  } catch (cause) {
    throw new Error('has a % that begins no escape: write %25 for a percent sign', { cause });
  }
}
