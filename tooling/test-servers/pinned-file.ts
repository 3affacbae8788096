import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { rm } from "node:fs/promises";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream } from "node:stream/web";

/** A file to download, with the hash of its content. */
export interface PinnedFile {
  url: string;
  /** The hash of its content: "sha256-" and base64. */
  integrity: string;
}

/** Downloads a file to `path`. If its content has another hash, throws and leaves nothing there. */
export async function downloadPinned({ url, integrity }: PinnedFile, path: string): Promise<void> {
  const response = await fetch(url);
  if (!response.ok || response.body === null) throw new Error(`${url} answered with status ${response.status}.`);
  const hash = createHash("sha256");
  const hashing = new Transform({
    transform(chunk, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  try {
    await pipeline(Readable.fromWeb(response.body as ReadableStream), hashing, createWriteStream(path));
    const actual = `sha256-${hash.digest("base64")}`;
    if (actual !== integrity) throw new Error(`${url} has the hash ${actual}, not ${integrity}: it was not used.`);
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}
