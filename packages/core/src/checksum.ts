// Loaded on first use, as node:crypto is.
let loaded: typeof import("node:zlib") | undefined;

/** Returns the CRC-32 of a text's UTF-8, as eight hexadecimal digits. */
export function crc32(text: string): string {
  loaded ??= process.getBuiltinModule("node:zlib");
  const sum = loaded.crc32(text);
  // Number.prototype.toString takes longer than the checksum.
  return `${digits(sum >>> 24)}${digits((sum >>> 16) & 0xff)}${digits((sum >>> 8) & 0xff)}${digits(sum & 0xff)}`;
}

const BYTES = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

function digits(byte: number): string {
  return BYTES[byte] as string;
}
