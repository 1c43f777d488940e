import { Text, Tooltip } from '@mantine/core';

const UNITS = [
  ['year', 31_536_000],
  ['month', 2_592_000],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
] as const;
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const absolute = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'long' });

/** The time relative to now: `2 hours ago`, `in 3 days`. */
export function fromNow(date: Date, now = Date.now()): string {
  const seconds = (date.getTime() - now) / 1000;
  const [unit, size] = UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? ['second', 1];
  return relative.format(Math.round(seconds / size), unit);
}

/** A relative time, with the absolute time and time zone on hover; `never` if there is none. */
export function When({ at, never = 'never' }: { at: string | null | undefined; never?: string }) {
  if (!at) {
    return (
      <Text span size="sm" c="dimmed">
        {never}
      </Text>
    );
  }
  const date = new Date(at);
  return (
    <Tooltip label={absolute.format(date)} events={{ hover: true, focus: true, touch: true }}>
      <time dateTime={at}>{fromNow(date)}</time>
    </Tooltip>
  );
}
