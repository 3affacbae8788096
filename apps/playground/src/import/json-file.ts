import { open } from "node:fs/promises";
import { WorkflowError } from "@waymark/core";
import { cleanText } from "@waymark/core/store";

/** The maximum size of a file, in bytes. */
const MAX_BYTES = 32 * 1024 * 1024;
/** The maximum depth of lists and objects. Deeper ones would overflow the stack later. */
const MAX_DEPTH = 200;

/** Reads a JSON file. @throws {WorkflowError} INVALID_ARGUMENT (no such file), WORKFLOW_INVALID */
export async function readJson(path: string): Promise<unknown> {
  const text = await readText(path);
  try {
    return parseJson(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    const reason = cleanText((error as Error).message, 300);
    const what = error instanceof RangeError ? reason : `not JSON: ${reason}`;
    throw new WorkflowError("WORKFLOW_INVALID", `${path}: ${what}.`, { cause: error });
  }
}

/** Parses JSON. @throws {SyntaxError} it is not JSON @throws {RangeError} it is nested more than 200 deep */
export function parseJson(text: string): unknown {
  if (isTooDeep(text)) throw new RangeError(`nested more than ${MAX_DEPTH} levels deep`);
  return JSON.parse(text);
}

/** Reads up to the maximum size, because a path can also name a device or a pipe. */
async function readText(path: string): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    await using file = await open(path);
    for await (const chunk of file.createReadStream({ autoClose: false })) {
      bytes += (chunk as Buffer).byteLength;
      if (bytes > MAX_BYTES) break;
      chunks.push(chunk as Buffer);
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const reason = code === "ENOENT" ? "no such file" : message;
    throw new WorkflowError("INVALID_ARGUMENT", `${path}: ${reason}.`, { cause: error });
  }
  if (bytes > MAX_BYTES) {
    throw new WorkflowError("WORKFLOW_INVALID", `${path}: larger than ${MAX_BYTES / 1024 / 1024} MiB.`);
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** Checks the depth of the text before it is parsed. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  let isInText = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (isInText) {
      if (code === BACKSLASH) at += 1;
      else if (code === QUOTE) isInText = false;
    } else if (code === QUOTE) {
      isInText = true;
    } else if (code === BRACKET || code === BRACE) {
      depth += 1;
      if (depth > MAX_DEPTH) return true;
    } else if (code === BRACKET + 2 || code === BRACE + 2) {
      depth -= 1;
    }
  }
  return false;
}

const QUOTE = '"'.charCodeAt(0);
const BACKSLASH = "\\".charCodeAt(0);
/** The opening brackets. Each closing one comes two characters later in ASCII. */
const BRACKET = "[".charCodeAt(0);
const BRACE = "{".charCodeAt(0);
