import { nextReading } from '../../../../src/database/clock/purge-clock.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2026, 10, 28);
const at = (purgeTime: number, readAt = purgeTime) => ({ purgeTime, readAt });

it('follows the clock, also without requests', () => {
  let reading = at(NOW);
  for (let hour = 1; hour <= 48; hour++) reading = nextReading(reading, NOW + hour * HOUR, HOUR, DAY);
  expect(reading).toEqual(at(NOW + 48 * HOUR));
});

it('follows it over a stop that is no longer than the skew', () => {
  expect(nextReading(at(NOW), NOW + DAY, 60_000, DAY)).toEqual(at(NOW + DAY));
});

it.each([
  ['before the start', 60_000],
  ['while the service runs', HOUR],
])('does not follow a clock that has jumped ahead %s', (_, ranMs) => {
  const ahead = NOW + 40 * DAY;
  expect(nextReading(at(NOW), ahead, ranMs, DAY)).toEqual(at(NOW + 2 * ranMs, ahead));
});

it('catches up after a stop, while the service runs as long', () => {
  let reading = at(NOW);
  let now = NOW + 3 * DAY;
  let hours = 0;
  for (; reading.purgeTime < now; hours++) {
    reading = nextReading(reading, (now += HOUR), HOUR, DAY);
  }
  // At each reading the gap is an hour shorter, until it is no longer than the skew
  expect(hours).toBe(3 * 24 - 24 + 2);
});

it('several instances catch up no faster than one', () => {
  let reading = at(NOW, NOW + 40 * DAY);
  for (let half = 1; half <= 4; half++) {
    reading = nextReading(reading, NOW + 40 * DAY + (half * HOUR) / 2, HOUR, DAY);
  }
  expect(reading.purgeTime).toBe(NOW + 4 * HOUR);
});

it('is not set back with the clock, or it would take years to catch up', () => {
  const back = nextReading(at(NOW), NOW - 365 * DAY, HOUR, DAY);
  expect(back.purgeTime).toBe(NOW);
  expect(nextReading(back, NOW + HOUR, HOUR, DAY)).toEqual(at(NOW + HOUR));
});
