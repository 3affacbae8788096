import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** The sources of the core. */
export const SOURCE: string = fileURLToPath(new URL("../../src", import.meta.url));
export const CLI: string = join(SOURCE, "conformance/cli.ts");
const MEMORY = fileURLToPath(new URL("../../../store-memory/src/index.ts", import.meta.url));

/** The harness of the memory store: a correct one. */
const GOOD = `
import { MemoryCheckpointStore } from ${JSON.stringify(MEMORY)};
export const capabilities = MemoryCheckpointStore.capabilities;
export const open = async () => {
  const store = new MemoryCheckpointStore();
  return { store, reopen: async () => store.reopen(), close: () => store.close() };
};`;

/** The end of a child process. */
export interface Ended {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** A folder as the author of a store has it, with the harness good.ts in it. */
export class AuthorFolder implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async create(): Promise<AuthorFolder> {
    const folder = new AuthorFolder(await mkdtemp(join(tmpdir(), "waymark-conformance-")));
    await folder.write("good.ts", GOOD);
    return folder;
  }

  write(name: string, text: string): Promise<void> {
    return writeFile(join(this.path, name), text);
  }

  /** Runs Node until it ends. */
  run(...args: string[]): Promise<Ended> {
    return new Promise((resolve) => {
      execFile(process.execPath, args, { ...this.#options(), maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
        resolve({ exitCode: error === null ? 0 : Number(error.code), stdout, stderr });
      });
    });
  }

  /** Starts Node. */
  start(...args: string[]): ChildProcess {
    return spawn(process.execPath, args, this.#options());
  }

  #options() {
    const { NODE_TEST_CONTEXT: _context, NODE_OPTIONS: _options, ...env } = process.env;
    return { cwd: this.path, env };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}
