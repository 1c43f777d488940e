import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Program } from '../process.js';

/** A program that a page of the documentation shows, as it stands there. */
export class DocumentedProgram {
  private constructor(
    private readonly program: Program,
    private readonly directory: string,
  ) {}

  /**
   * @param page below `docs/guides`
   * @param beginning how the block of code begins, where the page has several
   */
  static async start(page: string, env: Record<string, string>, beginning = ''): Promise<DocumentedProgram> {
    const text = await readFile(join('docs/guides', page), 'utf8');
    const block = [...text.matchAll(/^```js\n([^]*?)^```$/gm)].find(([, code]) =>
      code!.startsWith(beginning),
    );
    if (!block) throw new Error(`${page} has no program that begins with ${beginning}`);
    const directory = await mkdtemp(join(tmpdir(), 'registry-docs-'));
    await symlink(resolve('node_modules'), join(directory, 'node_modules'));
    const file = join(directory, 'server.mjs');
    await writeFile(file, block[1]!);
    const program = new Program(file, { cwd: directory, env });
    const started = new DocumentedProgram(program, directory);
    await program.says(/Listening on/);
    return started;
  }

  async stop(): Promise<void> {
    this.program.signal('SIGTERM');
    await this.program.ended;
    await rm(this.directory, { recursive: true });
  }
}
