/** What the log shows of text that callers choose: only so much of it, and nothing that may be a credential. */

const MAX_PATH_LENGTH = 256;
/** Longer than words are, and shorter than any secret, token or key. */
const PLAIN_SEGMENT = /^[a-z\d._-]{0,24}$/;
const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i;

/** The text, or the beginning of it. */
export const cut = (text: string, length: number) =>
  text.length <= length ? text : `${text.slice(0, length - 1)}…`;

/**
 * The path of a URL without its query. Callers put secrets into paths by mistake, so that of a segment that is neither an id
 * nor a short plain word only its place is shown.
 */
export function loggablePath(url: string): string {
  const [path = ''] = url.split('?', 1);
  const segments = cut(path, MAX_PATH_LENGTH).split('/');
  return segments
    .map((segment) => (PLAIN_SEGMENT.test(segment) || UUID.test(segment) ? segment : '…'))
    .join('/');
}
