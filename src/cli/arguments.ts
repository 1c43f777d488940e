import { parseArgs } from 'node:util';
import { DURATION_UNITS, readDuration } from '../config/duration.js';

/** A mistake in the arguments: reported with the usage of the command. */
export class UsageError extends Error {}

/** An option of a command; one without `takes` is a flag. */
export interface Option {
  /** Stands for the value in the usage. */
  takes?: string;
  isRequired?: true;
  means: string;
}

type Options = Record<string, Option>;

/** The options of a command as they were given. */
type Values<O extends Options> = {
  [Name in keyof O]: O[Name] extends { takes: string }
    ? O[Name] extends { isRequired: true }
      ? string
      : string | undefined
    : boolean;
};

interface Definition<Target, O extends Options> {
  does: string;
  options: O;
  /** What the command is about, such as an ID; without it the command takes options only. */
  operand?: string;
  /** Checks the arguments, without a database; the returned function does the work on one. */
  prepare: (values: Values<O>, operand: string) => Work<Target> | Promise<Work<Target>>;
}

type Work<Target> = (target: Target) => void | Promise<void>;

/** What the command line can do. */
export interface Command<Target> extends Pick<Definition<Target, Options>, 'does' | 'options' | 'operand'> {
  /** @throws UsageError if the arguments are wrong */
  prepare: (args: string[]) => Work<Target> | Promise<Work<Target>>;
}

export function command<Target, const O extends Options>(definition: Definition<Target, O>): Command<Target> {
  return {
    ...definition,
    prepare: (args) => {
      const { values, operand } = readArguments(args, definition);
      return definition.prepare(values as Values<O>, operand);
    },
  };
}

function readArguments(args: string[], { options, operand }: Pick<Command<never>, 'options' | 'operand'>) {
  const { values, positionals } = parse(args, options);
  const surplus = positionals[operand === undefined ? 0 : 1];
  if (surplus !== undefined) throw new UsageError(`Unexpected argument: ${surplus}.`);
  const missing = Object.keys(options)
    .filter((name) => options[name]!.isRequired && values[name] === undefined)
    .map((name) => `--${name}`);
  if (operand !== undefined && !positionals[0]) missing.push(operand);
  if (missing.length > 0) throw new UsageError(missing.map((name) => `${name} is required.`).join('\n'));
  return { values, operand: positionals[0] ?? '' };
}

function parse(args: string[], options: Options) {
  try {
    return parseArgs({
      args,
      options: Object.fromEntries(
        Object.entries(options).map(([name, { takes }]) => [
          name,
          takes === undefined ? { type: 'boolean' as const, default: false } : { type: 'string' as const },
        ]),
      ),
      allowPositionals: true,
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** The time after a duration such as `90d`, counted from now. */
export function readExpiry(duration: string): Date {
  return new Date(Date.now() + readMilliseconds('--expires-in', duration));
}

/** The milliseconds of a duration such as `90d`. */
export function readMilliseconds(option: string, duration: string): number {
  const ms = readDuration(duration);
  if (ms === undefined) throw new UsageError(`${option} takes a number and ${DURATION_UNITS}, such as 90d.`);
  return ms;
}

/** A list is printed whole. */
export const EVERYTHING = { size: 1_000_000, after: null };

/** @throws UsageError that names the options of the invalid fields */
export function rejectInvalidOptions(
  faults: Record<string, string[]>,
  options: Record<string, string>,
): void {
  const lines = Object.entries(faults).map(([field, said]) => `${options[field]} ${said.join(', ')}.`);
  if (lines.length > 0) throw new UsageError(lines.join('\n'));
}
