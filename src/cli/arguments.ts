import { type ParseArgsConfig, parseArgs } from 'node:util';
import type { DataSource } from 'typeorm';

/** A mistake in the arguments: worth one line and the usage. */
export class UsageError extends Error {}

/** Understands its arguments, without a database; what it returns does the work on one. */
export type Command = (args: string[]) => (dataSource: DataSource) => Promise<void>;

const MS_PER_UNIT: Partial<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

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
  const [, count, unit = ''] = /^([1-9]\d{0,4})([mhd])$/.exec(duration) ?? [];
  const ms = Number(count) * (MS_PER_UNIT[unit] ?? NaN);
  if (Number.isNaN(ms)) throw new UsageError('--expires-in takes a number and m, h or d, such as 90d.');
  return new Date(Date.now() + ms);
}

/** A time as a table shows it. */
export const shown = (date: Date | null, otherwise: string) => date?.toISOString() ?? otherwise;
