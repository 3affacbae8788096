import { messageOf, WorkflowError } from "../errors.ts";
import { cleanText, quoted } from "../text.ts";

/** Where a value is in the context: the keys and indexes that lead to it. */
export type Path = readonly (string | number)[];

/** Number of keys of a long path that a message shows, at its beginning and again at its end. */
const SHOWN_KEYS = 8;

/** Returns the error for a value that a checkpoint cannot keep. `what` completes the sentence "it is …". */
export function notSerializable(path: Path, what: string, cause?: unknown): WorkflowError {
  return new WorkflowError("STATE_NOT_SERIALIZABLE", `A checkpoint cannot keep ${formatPath(path)}: it is ${what}.`, {
    details: { path: [...path] },
    cause,
  });
}

/** Returns the error for a value that contains itself. `path` is where it is, `inner` where it is again. */
export function containsItself(path: Path, inner: Path): WorkflowError {
  return new WorkflowError(
    "STATE_NOT_SERIALIZABLE",
    `A checkpoint cannot keep ${formatPath(path)}: it contains itself at ${formatPath(inner)}.`,
    { details: { path: [...inner] } },
  );
}

/** Returns the error for a value that throws when it is read. */
export function unreadable(path: Path, cause: unknown): WorkflowError {
  const message = cleanText(messageOf(cause), 200);
  return notSerializable(path, `a value that throws when it is read (${message})`, cause);
}

/** Writes a path as people do: `context.items[3].name`. */
export function formatPath(path: Path): string {
  if (path.length <= 2 * SHOWN_KEYS) return `context${path.map(formatKey).join("")}`;
  const left = path.slice(0, SHOWN_KEYS).map(formatKey).join("");
  return `context${left}…${path.slice(-SHOWN_KEYS).map(formatKey).join("")}`;
}

function formatKey(key: string | number): string {
  if (typeof key === "number") return `[${key}]`;
  if (/^[A-Za-z_$][\w$]{0,60}$/.test(key)) return `.${key}`;
  return key.startsWith("<") ? `.${cleanText(key, 80)}` : `[${quoted(key)}]`;
}
