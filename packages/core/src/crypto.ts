// Loading node:crypto takes two thirds of the time that importing this package would take, so it waits for its first use.
let loaded: typeof import("node:crypto") | undefined;

function crypto(): typeof import("node:crypto") {
  loaded ??= process.getBuiltinModule("node:crypto");
  return loaded;
}

/** A random UUID (version 4). */
export function randomUUID(): string {
  return crypto().randomUUID();
}

/** The SHA-256 of a text's UTF-8. */
export function sha256(text: string, encoding: "hex" | "base64url"): string {
  return crypto().hash("sha256", text, encoding);
}
