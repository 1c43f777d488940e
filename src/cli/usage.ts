import type { Command, Option } from './arguments.js';

type Usable = Pick<Command<never>, 'does' | 'options' | 'operand'>;

const WIDTH = 100;
const INDENT = '      ';

/** How one command is called, and what its options mean. */
export function usageOf(name: string, command: Usable): string {
  const options = Object.entries(command.options).map(
    ([option, { takes, means }]) => [`--${option}${takes === undefined ? '' : ` ${takes}`}`, means] as const,
  );
  const width = Math.max(...options.map(([option]) => option.length));
  const lines = options.map(([option, means]) => `  ${option.padEnd(width)}  ${means}\n`);
  return `${command.does}\n\n${synopsis(name, command)}\n${lines.length > 0 ? `\n${lines.join('')}` : ''}`;
}

/** How each of several commands is called. */
export function overviewOf(commands: Record<string, Usable>): string {
  const lines = Object.entries(commands).map(([name, command]) => synopsis(name, command));
  return `${lines.join('\n')}\n\nWith --help, each command describes its options.\n`;
}

/** Broken into lines that fit a terminal. */
function synopsis(name: string, { options, operand }: Usable): string {
  const [script, ...rest] = name.split(' ');
  const words = [
    ...rest,
    ...Object.entries(options).map(wordOf),
    ...(operand === undefined ? [] : [operand]),
  ];
  const lines = [`  npm run ${script}${words.length > 0 ? ' --' : ''}`];
  for (const word of words) {
    if (`${lines.at(-1)} ${word}`.length > WIDTH) lines.push(INDENT + word);
    else lines[lines.length - 1] += ` ${word}`;
  }
  return lines.join('\n');
}

function wordOf([name, { takes, isRequired }]: [string, Option]): string {
  const word = `--${name}${takes === undefined ? '' : ` ${takes}`}`;
  return isRequired ? word : `[${word}]`;
}
