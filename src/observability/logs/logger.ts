import type { LoggerService } from '@nestjs/common';
import { pino, type DestinationStream, type Logger } from 'pino';
import type { Config } from '../../config/variables.js';
import { cut, escapeControls, escapeControlsInLines } from './loggable.js';
import { standardOutput } from './log-destination.js';

const MAX_MESSAGE_LENGTH = 2_000;
const MAX_STACK_LENGTH = 8_000;
/** An error, its cause, the cause of that, … */
const MAX_CAUSES = 5;

/** JSON lines in production and wherever output is collected; readable in a terminal. */
export async function createLogger({ logLevel, production }: Config): Promise<Logger> {
  const options = { level: logLevel, serializers: { err: (error: Error) => serializeError(error) } };
  const logger = pino(options, await destination(production));
  standardOutput.onRecovery = (dropped) =>
    logger.warn({ dropped }, 'Log lines were dropped: standard output did not take them. It works again.');
  return logger;
}

async function destination(production: boolean): Promise<DestinationStream> {
  const format = production || !process.stdout.isTTY ? escapeControlsInLines : await readableFormat();
  return { write: (line) => standardOutput.write(format(line)) };
}

/** For terminals, of lines in JSON. Text that callers sent neither breaks a line nor controls the terminal. */
export async function readableFormat(): Promise<(line: string) => string> {
  const { prettyFactory } = await import('pino-pretty');
  const prettify = prettyFactory({ ignore: 'pid,hostname' });
  const escape = (key: string, value: unknown) => {
    if (typeof value !== 'string') return value;
    // Its lines are indented
    return key === 'stack' ? escapeControlsInLines(value) : escapeControls(value);
  };
  return (line) => prettify(JSON.parse(line, escape));
}

/** Lets Nest and its modules write to the same log. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  // The framework's log lines about its own start are of no use to an operator
  log = (message: unknown, ...rest: unknown[]) => this.write('debug', message, rest);
  error = (message: unknown, ...rest: unknown[]) => this.write('error', message, rest);
  warn = (message: unknown, ...rest: unknown[]) => this.write('warn', message, rest);
  debug = (message: unknown, ...rest: unknown[]) => this.write('debug', message, rest);
  verbose = (message: unknown, ...rest: unknown[]) => this.write('trace', message, rest);
  fatal = (message: unknown, ...rest: unknown[]) => this.write('fatal', message, rest);

  private write(
    level: 'trace' | 'debug' | 'warn' | 'error' | 'fatal',
    message: unknown,
    rest: unknown[],
  ): void {
    // Nest passes the name of the writer last, and in front of it what else the writer said
    const context = rest.at(-1);
    const [fields] = rest.slice(0, -1);
    const line = { context, ...(typeof fields === 'object' && fields) };
    if (message instanceof Error) {
      this.logger[level]({ ...line, err: message }, cut(message.message, MAX_MESSAGE_LENGTH));
    } else this.logger[level](line, cut(String(message), MAX_MESSAGE_LENGTH));
  }
}

/**
 * An error without what its thrower hung on it: a failed query carries its parameters, and with them what callers sent.
 */
function serializeError({ name, message, stack = '', cause }: Error, depth = 0): object {
  return {
    type: name,
    message: cut(message, MAX_MESSAGE_LENGTH),
    stack: cut(stack, MAX_STACK_LENGTH),
    ...(cause instanceof Error && depth < MAX_CAUSES && { cause: serializeError(cause, depth + 1) }),
  };
}
