// node:crypto is loaded on first use: loading it would take two thirds of the time that importing this package takes.
let loaded: typeof import("node:crypto") | undefined;

function crypto(): typeof import("node:crypto") {
  loaded ??= process.getBuiltinModule("node:crypto");
  return loaded;
}

/** The number of UUIDs that are made at once, and the characters of each. */
const BATCH = 128;
const LENGTH = 36;

let batch = "";
let at = 0;

/**
 * Returns a random UUID (version 4).
 *
 * - The one of `crypto` is put together from twenty pieces, a text that is copied whenever it is read. So many are joined
 *   to one text, of which this returns a slice.
 */
export function randomUUID(): string {
  if (at === batch.length) {
    batch = Array.from({ length: BATCH }, () => crypto().randomUUID()).join("");
    at = 0;
  }
  at += LENGTH;
  return batch.slice(at - LENGTH, at);
}

/** Returns the SHA-256 of a text's UTF-8. */
export function sha256(text: string, encoding: "hex" | "base64url"): string {
  return crypto().hash("sha256", text, encoding);
}
