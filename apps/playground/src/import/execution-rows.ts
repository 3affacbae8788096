import type { ReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { WorkflowError } from "@waymark/core";
import type { ImportRow } from "@waymark/core/migration";
import { cleanText } from "@waymark/core/store";
import { parseJson } from "./json-file.ts";
import { rowTexts } from "./row-texts.ts";

/** The columns of old tables, under their usual names. The first one that a row has is taken. */
const COLUMNS: Readonly<Record<keyof ImportRow, readonly string[]>> = {
  executionId: ["executionId", "execution_id", "id"],
  workflowId: ["workflowId", "workflow_id"],
  userId: ["userId", "user_id"],
  output: ["output"],
  status: ["status"],
  createdAt: ["createdAt", "created_at", "startedAt", "started_at"],
  endedAt: ["endedAt", "ended_at", "finishedAt", "finished_at", "completedAt", "completed_at"],
};

/** The values of rows that do not have them. */
export interface RowDefaults {
  workflowId?: string | undefined;
  userId?: string | undefined;
}

/**
 * Opens a file with rows of an old `Execution` table: a JSON array, or lines of JSON. Columns of other names are left out.
 * In place of a row that cannot be read there is an Error.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT if the file cannot be read, now or later
 */
export async function openExecutionRows(
  path: string,
  defaults: RowDefaults,
): Promise<AsyncGenerator<ImportRow | Error>> {
  const file = await open(path).catch((error) => unreadable(path, error));
  return rowsIn(file.createReadStream({ encoding: "utf8" }), path, defaults);
}

async function* rowsIn(stream: ReadStream, path: string, defaults: RowDefaults): AsyncGenerator<ImportRow | Error> {
  try {
    for await (const row of rowTexts(stream as AsyncIterable<string>)) {
      yield "problem" in row ? new Error(row.problem) : rowOf(row.text, defaults);
    }
  } catch (error) {
    unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): never {
  const { code, message } = error as NodeJS.ErrnoException;
  const reason = code === "ENOENT" ? "no such file" : message;
  throw new WorkflowError("INVALID_ARGUMENT", `${path}: ${reason}.`, { cause: error });
}

function rowOf(text: string, defaults: RowDefaults): ImportRow | Error {
  let given: unknown;
  try {
    given = parseJson(text);
  } catch (error) {
    return new Error(`it is not JSON: ${cleanText((error as Error).message, 300)}`);
  }
  if (typeof given !== "object" || given === null || Array.isArray(given)) return new Error("it is not an object");
  const columns = given as Readonly<Record<string, unknown>>;
  const { workflowId, userId } = defaults;
  const row: Partial<Record<keyof ImportRow, unknown>> = { workflowId, userId, output: null };
  for (const [name, spellings] of Object.entries(COLUMNS) as [keyof ImportRow, string[]][]) {
    const spelling = spellings.find((each) => Object.hasOwn(columns, each) && columns[each] !== null);
    if (spelling !== undefined) row[name] = columns[spelling];
  }
  // Ids of old tables are often numbers.
  for (const name of ["executionId", "workflowId", "userId"] as const) {
    const id = row[name];
    if (typeof id !== "number") continue;
    const exact = exactNumber(id, text, COLUMNS[name]);
    if (exact === undefined)
      return new Error(`its ${name} is a number that JSON does not keep exactly; export it as a text`);
    row[name] = exact;
  }
  return row as unknown as ImportRow;
}

/** Returns the text of a number as it stands in the row; `undefined` if that cannot be told. */
function exactNumber(id: number, text: string, spellings: readonly string[]): string | undefined {
  if (!Number.isInteger(id) || Number.isSafeInteger(id)) return String(id);
  const sources = new Map<object, string>();
  // Older runtimes do not pass the source.
  const read = function (this: object, key: string, value: unknown, context?: { source?: string }): unknown {
    if (value === id && spellings.includes(key) && context?.source !== undefined) sources.set(this, context.source);
    return value;
  };
  const source = sources.get(JSON.parse(text, read) as object);
  return source !== undefined && /^-?\d+$/.test(source) ? source : undefined;
}
