/** What the log shows of text that callers choose: a limited part, and nothing that may be a credential. */

const MAX_PATH_LENGTH = 256;
/** Words are no longer, and secrets, tokens and keys are not that short; or an id. */
const HARMLESS_SEGMENT = /^(?:[a-z\d._-]{0,24}|[\da-fA-F]{8}(?:-[\da-fA-F]{4}){3}-[\da-fA-F]{12})$/;

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
  return segments.map((segment) => (HARMLESS_SEGMENT.test(segment) ? segment : '…')).join('/');
}

/** What breaks a line, moves the cursor of a terminal, or reorders or hides text. */
const CONTROLS = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
const CONTROLS_IN_LINES = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Callers could forge lines with them. In a JSON line, these escapes stand for the same characters. */
const escaped = (controls: string) =>
  controls.replace(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

export const escapeControls = (text: string): string => text.replace(CONTROLS, escaped);

/** Of lines, whose breaks stay. */
export const escapeControlsInLines = (lines: string): string => lines.replace(CONTROLS_IN_LINES, escaped);
