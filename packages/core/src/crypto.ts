// node:crypto is loaded on first use: loading it would take two thirds of the time that importing this package takes.
let loaded: typeof import("node:crypto") | undefined;

function crypto(): typeof import("node:crypto") {
  loaded ??= process.getBuiltinModule("node:crypto");
  return loaded;
}

/** Returns a random UUID (version 4). */
export function randomUUID(): string {
  return crypto().randomUUID();
}

/** Returns the SHA-256 of a text's UTF-8. */
export function sha256(text: string, encoding: "hex" | "base64url"): string {
  return crypto().hash("sha256", text, encoding);
}
