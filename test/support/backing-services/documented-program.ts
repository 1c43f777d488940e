import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ModuleKind, ScriptTarget, transpileModule } from 'typescript';
import { Program } from '../process.js';

/** A program that a page of the documentation shows, as it stands there. */
export class DocumentedProgram {
  private constructor(
    private readonly program: Program,
    private readonly directory: string,
  ) {}

  /**
   * @param page below `docs/guides`
   * @param beginning how the block of code begins, where the page has several. Blocks that begin with the comment of a file name are files beside it
   */
  static async start(page: string, env: Record<string, string>, beginning = ''): Promise<DocumentedProgram> {
    const text = await readFile(join('docs/guides', page), 'utf8');
    const blocks = [...text.matchAll(/^```[jt]s\n([^]*?)^```$/gm)].map(([, code]) => code!);
    const block = blocks.find((code) => code.startsWith(beginning));
    if (block === undefined) throw new Error(`${page} has no program that begins with ${beginning}`);
    const directory = await mkdtemp(join(tmpdir(), 'registry-docs-'));
    await symlink(resolve('node_modules'), join(directory, 'node_modules'));
    await writeFile(join(directory, 'package.json'), '{ "type": "module" }');
    for (const code of blocks) {
      const [, name] = /^\/\/ (\S+\.js)\n/.exec(code) ?? [];
      if (name !== undefined) await writeFile(join(directory, name), code);
    }
    const file = join(directory, 'server.js');
    await writeFile(file, toJavaScript(block));
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

/** As a project of NestJS compiles it, which has decorators. */
const toJavaScript = (code: string): string =>
  transpileModule(code, {
    compilerOptions: {
      target: ScriptTarget.ES2023,
      module: ModuleKind.ESNext,
      experimentalDecorators: true,
      emitDecoratorMetadata: true,
    },
  }).outputText;
