// Loaded on first use, as node:crypto is.
let loaded: typeof import("node:zlib") | undefined;

/** Returns the CRC-32 of a text's UTF-8, as eight hexadecimal digits. */
export function crc32(text: string): string {
  loaded ??= process.getBuiltinModule("node:zlib");
  return loaded.crc32(text).toString(16).padStart(8, "0");
}
