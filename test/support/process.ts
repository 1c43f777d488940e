import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

const DIST = resolve('dist');

const SETPRIV = ['setpriv', '--bounding-set=-dac_override,-dac_read_search'];

/** Starts a program to which the permissions of files apply, as they do not to root; undefined if that cannot be done. */
export const WITHOUT_OVERRIDE: string[] | undefined =
  process.getuid?.() !== 0 ? [] : spawnSync('setpriv', ['--version']).status === 0 ? SETPRIV : undefined;

/** A script as a process of its own: the built service, its command line, or any other. */
export class Program {
  stdout = '';
  stderr = '';
  /** The exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
  private readonly child: ChildProcess;

  constructor(
    /** Of `dist`, or an absolute path. */
    script: string,
    options: { env?: Record<string, string>; cwd: string; args?: string[]; startedBy?: string[] },
  ) {
    const path = resolve(DIST, script);
    if (!existsSync(path)) throw new Error(`${path} is missing; that of "dist" is made by "npm run build"`);
    const [command, ...args] = [
      ...(options.startedBy ?? []),
      process.execPath,
      path,
      ...(options.args ?? []),
    ];
    this.child = spawn(command!, args, {
      cwd: options.cwd,
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...options.env },
    });
    this.child.stdout!.on('data', (data: Buffer) => (this.stdout += data.toString()));
    this.child.stderr!.on('data', (data: Buffer) => (this.stderr += data.toString()));
    this.ended = new Promise((done) =>
      this.child.once('close', (code, signal) => done(code ?? signal ?? 'unknown')),
    );
  }

  /** What `pattern` captured, as soon as the output matches; fails where the program ends before it does. */
  async says(pattern: RegExp): Promise<string> {
    const ended = this.ended.then((code) => {
      if (pattern.test(this.stdout)) return;
      throw new Error(`ended with ${code} before it said ${pattern}: ${this.stdout}${this.stderr}`);
    });
    for (;;) {
      const match = pattern.exec(this.stdout);
      if (match) return match[1] ?? match[0];
      await Promise.race([new Promise((done) => setTimeout(done, 20)), ended]);
    }
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** Reads its standard output no longer, or again. */
  readOutput(isRead: boolean): void {
    if (isRead) this.child.stdout!.resume();
    else this.child.stdout!.pause();
  }

  /** Closes the reader's end of its standard output. */
  closeOutput(): void {
    this.child.stdout!.destroy();
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Ends it as Ctrl-C does, which waits for no connection that a test has left open. */
  async stop(): Promise<number | string> {
    this.signal('SIGINT');
    return this.ended;
  }
}
