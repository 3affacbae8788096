import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod/mini";

/** A file that was dropped on the page. */
export interface DroppedFile {
  /** Later files have higher numbers. */
  number: number;
  name: string;
  text: string;
}

const content = z.object({ name: z.string(), text: z.string() });

/** The files that were dropped on the page, in a folder: so they are there again after a start. */
export class DroppedFiles {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Reads all of them, the oldest first. One that cannot be read is left out, and `onError` takes the reason. */
  async read(onError: (error: unknown) => void): Promise<DroppedFile[]> {
    const names = await readdir(this.#folder).catch(() => []);
    const numbers = names.flatMap((name) => (/^\d{1,9}\.json$/.test(name) ? [Number.parseInt(name, 10)] : []));
    const files: DroppedFile[] = [];
    for (const number of numbers.sort((a, b) => a - b)) {
      try {
        files.push({ number, ...content.parse(JSON.parse(await readFile(this.#pathOf(number), "utf8"))) });
      } catch (error) {
        onError(error);
      }
    }
    return files;
  }

  /** Keeps a file. Only the user who runs the page may read it: an export can have addresses and names. */
  async keep({ number, name, text }: DroppedFile): Promise<void> {
    const path = this.#pathOf(number);
    await mkdir(this.#folder, { recursive: true });
    await writeFile(`${path}.new`, JSON.stringify({ name, text }), { mode: 0o600 });
    await rename(`${path}.new`, path);
  }

  async remove(number: number): Promise<void> {
    await rm(this.#pathOf(number), { force: true });
  }

  #pathOf(number: number): string {
    return join(this.#folder, `${number}.json`);
  }
}
