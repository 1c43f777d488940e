import { type ParseArgsConfig, parseArgs } from 'node:util';
import type { DataSource } from 'typeorm';
import { readDuration } from '../config/duration.js';

/** A mistake in the arguments: worth one line and the usage. */
export class UsageError extends Error {}

/** Understands its arguments, without a database; what it returns does the work on one. */
export type Command = (args: string[]) => (dataSource: DataSource) => Promise<void>;

/** The options of a command, and the operands behind them; @throws UsageError where there are others. */
export function readArguments<const O extends NonNullable<ParseArgsConfig['options']>>(
  args: string[],
  options: O,
  maxOperands = 0,
) {
  const parsed = parse(args, options);
  const surplus = parsed.positionals[maxOperands];
  if (surplus !== undefined) throw new UsageError(`${surplus} is too much.`);
  return parsed;
}

function parse<const O extends NonNullable<ParseArgsConfig['options']>>(args: string[], options: O) {
  try {
    return parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** The ID that a command is about. */
export function readId(args: string[]): string {
  const [id] = readArguments(args, {}, 1).positionals;
  if (!id) throw new UsageError('Say which one: its ID is in the list.');
  return id;
}

/** The time after a duration such as `90d`, counted from now. */
export function readExpiry(duration: string): Date {
  return new Date(Date.now() + readMilliseconds('--expires-in', duration));
}

/** The milliseconds of a duration such as `90d`. */
export function readMilliseconds(option: string, duration: string): number {
  const ms = readDuration(duration);
  if (ms === undefined) throw new UsageError(`${option} takes a number and m, h or d, such as 90d.`);
  return ms;
}

/** A time as a table shows it. */
export const shown = (date: Date | null, otherwise: string) => date?.toISOString() ?? otherwise;

/** A list is printed whole. */
export const EVERYTHING = { size: 1_000_000, after: null };

/** @throws UsageError that names the options behind the fields at fault */
export function refuseFaults(faults: Record<string, string[]>, options: Record<string, string>): void {
  const lines = Object.entries(faults).map(([field, said]) => `${options[field]} ${said.join(', ')}.`);
  if (lines.length > 0) throw new UsageError(lines.join('\n'));
}
