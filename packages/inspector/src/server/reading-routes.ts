import type {
  ExecutionInspection,
  InspectedProgress,
  ListExecutionsQuery,
  QueueDepth,
  RecordsPage,
  WorkflowStatus,
} from "@waymark/core";
import { Hono } from "hono";
import { tokenFor } from "./access.ts";
import { watchStream } from "./event-stream.ts";
import { changeInput, executionInput, listInput, pathInput, recordsInput, valueInput } from "./inputs.ts";
import type { InspectedEngine } from "./inspector-options.ts";
import { type Json, jsonAt } from "./json-tree.ts";
import { ProblemError, problem } from "./problem.ts";
import { type ApiEnv, type ApiParts, engineFor, parse, parseText, query } from "./requests.ts";
import { BRIEF, cut, FULL, redactOperation } from "./shown-value.ts";
import type { Views } from "./views.ts";

const PAGE_SIZE = 50;
const MOST_COUNTED = 1_000;
const MOST_ROWS = 100;
const MOST_OPERATIONS = 500;
const RECORDS_PAGE = 100;
const MOST_CHILDREN = 20;
/** No store finds the forks of an execution, so they are looked for among the newest executions of its workflow. */
const MOST_SEARCHED = 200;

/** The routes that only read. */
export function readingRoutes(parts: ApiParts) {
  const { views, options, canRun } = parts;
  return new Hono<ApiEnv>()
    .get("/session", (c) => {
      const { actions, userId } = c.get("access");
      const { token, cookie } = tokenFor(c.req.raw, options.basePath);
      if (cookie !== undefined) c.header("Set-Cookie", cookie);
      return c.json({ actions, userId, token, canRun, redacted: options.redact.length > 0 });
    })
    .get("/executions", query(listInput), async (c) => {
      const { limit, ...given } = c.req.valid("query");
      const size = limit === undefined ? PAGE_SIZE : Math.max(1, Math.min(MOST_ROWS, Number(limit)));
      const { items, nextCursor } = await engineFor(parts, c).listExecutions({ ...listQuery(given), limit: size });
      return c.json({ items: items.map((each) => views.execution(each)), nextCursor });
    })
    .get("/count", query(listInput), async (c) => {
      const { limit: _limit, cursor: _cursor, ...given } = c.req.valid("query");
      const page = await engineFor(parts, c).listExecutions({ ...listQuery(given), limit: MOST_COUNTED });
      return c.json({ count: page.items.length, isMore: page.nextCursor !== undefined });
    })
    .get("/queue", async (c) => {
      // It has the jobs of all users.
      const queue = c.get("access").userId === undefined ? options.engine.dispatcher : undefined;
      return c.json(await depthOf(queue, options.onError));
    })
    .get("/execution", query(executionInput), async (c) => {
      const { id } = c.req.valid("query");
      const engine = engineFor(parts, c);
      const inspection = await engine.inspectExecution({ executionId: id });
      const { workflowId, createdAt } = inspection.execution;
      const [definition, children, newest] = await Promise.all([
        inspection.definition(),
        engine.listExecutions({ parentId: id, limit: MOST_CHILDREN }),
        // The filter leaves out its own millisecond.
        engine.listExecutions({ workflowId, createdAfter: Date.parse(createdAt) - 1, limit: MOST_SEARCHED }),
      ]);
      return c.json({
        definition: views.definition(definition),
        children: children.items.map((each) => views.execution(each)),
        hasMoreChildren: children.nextCursor !== undefined,
        forks: newest.items.filter((each) => each.forkedFromId === id).map((each) => views.execution(each)),
        mayHaveMoreForks: newest.nextCursor !== undefined,
      });
    })
    .get("/progress", query(executionInput), async (c) => {
      const inspection = await engineFor(parts, c).inspectExecution({ executionId: c.req.valid("query").id });
      return c.json(await progressOf(views, inspection));
    })
    .get("/records", query(recordsInput), async (c) => {
      const { id, before, after } = c.req.valid("query");
      const inspection = await engineFor(parts, c).inspectExecution({ executionId: id });
      const newest = before === undefined ? inspection.execution.seq : Number(before) - 1;
      const limit = Math.min(RECORDS_PAGE, after === undefined ? RECORDS_PAGE : newest - Number(after));
      const page: RecordsPage = limit < 1 ? { items: [] } : await inspection.records({ limit, before: newest + 1 });
      const { items, nextBefore } = page;
      return c.json({ items: items.map((each) => views.record(each)), nextBefore });
    })
    .get("/change", query(changeInput), async (c) => {
      const { id, seq } = c.req.valid("query");
      const inspection = await engineFor(parts, c).inspectExecution({ executionId: id });
      const { record, before, after, operations } = await inspection.change(Number(seq));
      return c.json({
        record: views.record(record),
        failure: record.error === undefined ? undefined : views.failure(record.error),
        before: before === undefined ? undefined : views.shown(JSON.parse(before), BRIEF),
        after: views.shown(JSON.parse(after), BRIEF),
        size: after.length,
        operations: operations
          .slice(0, MOST_OPERATIONS)
          .map((text) => cut(redactOperation(JSON.parse(text) as Json, views.redacted), BRIEF)),
        operationsCount: operations.length,
      });
    })
    .get("/value", query(valueInput), async (c) => {
      const { id, seq, side, path, download } = c.req.valid("query");
      const inspection = await engineFor(parts, c).inspectExecution({ executionId: id });
      const text = (await inspection.change(Number(seq)))[side];
      const whole = text === undefined ? undefined : views.redact(JSON.parse(text) as Json);
      const value = whole === undefined ? undefined : jsonAt(whole, parse(pathInput, parseText(path, "path")));
      if (value === undefined) throw new ProblemError(problem(404, "VALUE_NOT_FOUND", "There is no such value."));
      if (download === undefined) return c.json({ value: cut(value, FULL) });
      const name = `${id.replace(/[^A-Za-z0-9._-]/g, "_").slice(0, 80)}-${seq}.json`;
      return c.body(JSON.stringify(value, undefined, 2), 200, {
        "Content-Type": "application/json",
        "Content-Disposition": `attachment; filename="${name}"`,
      }) as never;
    })
    .get("/events", query(executionInput), (c) => {
      const { id } = c.req.valid("query");
      return watchStream(
        { engine: engineFor(parts, c), views, onError: options.onError },
        id,
        c.req.raw.signal,
      ) as never;
    });
}

/** The longest that a queue may take to count its jobs, in milliseconds. One that is away may wait until it is back. */
const DEPTH_MS = 2_000;

/** What waits in a queue; nothing if there is none, or none that counts its jobs. */
async function depthOf(
  queue: InspectedEngine["dispatcher"],
  onError: (error: unknown) => unknown,
): Promise<{ depth?: QueueDepth; isAway?: boolean }> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeUp = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`The queue has not counted its jobs within ${DEPTH_MS} ms.`)), DEPTH_MS);
  });
  try {
    const depth = await Promise.race([queue?.depth?.(), timeUp]);
    return depth === undefined ? {} : { depth };
  } catch (error) {
    onError(error);
    return { isAway: true };
  } finally {
    clearTimeout(timer);
  }
}

function listQuery({
  status,
  ...rest
}: { status?: string | undefined } & Record<string, string | undefined>): ListExecutionsQuery {
  const given = Object.entries(rest).filter(([, value]) => value !== undefined);
  return {
    ...Object.fromEntries(given),
    ...(status === undefined ? {} : { status: status.split(",") as WorkflowStatus[] }),
  };
}

/** The progress of an execution. If its history is damaged, what the head has is shown, and why the rest is not. */
async function progressOf(views: Views, inspection: ExecutionInspection) {
  const { execution } = inspection;
  const failure = execution.failure === undefined ? undefined : views.failure(execution.failure);
  let damage: { code: string; message: string } | undefined;
  const read = await inspection.progress().catch((error: unknown) => {
    damage = damageOf(error);
    return { execution, ran: [], skipped: [], next: [], waiting: [] } satisfies InspectedProgress;
  });
  const { ran, skipped, next, waiting } = read;
  return {
    ...{ execution: views.execution(read.execution), failure, ran, skipped, next, damage },
    waiting: waiting.map((wait) => views.wait(wait)),
  };
}

/** The code and message of data that cannot be read. Anything else is thrown on. */
function damageOf(error: unknown): { code: string; message: string } {
  const { code, message } = error as { code?: unknown; message: string };
  if (typeof code === "string" && code.startsWith("STATE_")) return { code, message };
  throw error;
}
