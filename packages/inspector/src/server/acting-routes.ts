import { isWorkflowError } from "@waymark/core";
import { Hono } from "hono";
import { answerInput, cancelInput, deleteInput, forkInput, resumeInput } from "./inputs.ts";
import type { Json } from "./json-tree.ts";
import { ProblemError, problem } from "./problem.ts";
import { type ApiEnv, type ApiParts, body, engineFor, parseText } from "./requests.ts";
import { BRIEF, restoreHidden } from "./shown-value.ts";

/** The time after which a resume that still runs is answered, in milliseconds. The run continues. */
const ANSWER_AFTER_MS = 1_500;

/** The routes that change something. The requests that reach them have proved that they may. */
export function actingRoutes(parts: ApiParts) {
  const { views, options, canRun } = parts;
  return new Hono<ApiEnv>()
    .post("/resume", body(resumeInput), async (c) => {
      const { id, definition } = c.req.valid("json");
      if (!canRun) throw new ProblemError(problem(422, "CANNOT_RUN", CANNOT_RUN));
      const run = engineFor(parts, c).resumeWorkflow({ executionId: id, definition });
      return c.json({ status: await soonOr(run, options.onError) });
    })
    .post("/fork", body(forkInput), async (c) => {
      const { id, seq, definition, context } = c.req.valid("json");
      const engine = engineFor(parts, c);
      const inspection = await engine.inspectExecution({ executionId: id });
      const { record, before, after } = await inspection.change(seq);
      const isNode = before !== undefined && record.kind !== "save";
      const at = isNode ? { beforeNode: record.nodeId, visit: record.visit } : { stepNumber: record.stepNumber };
      let edited: object | undefined;
      if (context !== undefined) {
        const original = JSON.parse(before ?? after) as Json;
        const restored = restoreHidden(parseText(context, "context") as Json, original, views.shown(original, BRIEF));
        if ("moved" in restored) {
          const place = restored.moved.map(String).join(".") || "the whole context";
          const message = `context: ${place}: a value that is not shown in full can only stay as it is, or be replaced.`;
          throw new ProblemError(problem(400, "INVALID_ARGUMENT", message));
        }
        edited = contextOf(inspection.decode(JSON.stringify(restored.json)));
      }
      const fork = await engine.forkExecution({
        executionId: id,
        at,
        definition,
        ...(edited === undefined ? {} : { context: edited as Record<string, unknown> }),
      });
      return c.json(fork);
    })
    .post("/answer", body(answerInput), async (c) => {
      const { id, nodeId, visit, since, data } = c.req.valid("json");
      const engine = engineFor(parts, c);
      const inspection = await engine.inspectExecution({ executionId: id });
      const { waiting } = await inspection.progress();
      // The visit and the beginning of the wait name the question that the person saw, not a later one of the same node.
      const wait = waiting.find((each) => each.nodeId === nodeId && each.visit === visit && each.since === since);
      if (wait?.waitToken === undefined) {
        throw new ProblemError(problem(409, "NOT_WAITING", "The node does not wait for this answer any more."));
      }
      parseText(data, "data");
      await engine.answerWait({ waitToken: wait.waitToken, data: inspection.decode(data) });
      return c.json({ answered: true });
    })
    .post("/cancel", body(cancelInput), async (c) => {
      const { id, reason } = c.req.valid("json");
      await engineFor(parts, c).cancelExecution({ executionId: id, ...(reason === undefined ? {} : { reason }) });
      return c.json({ status: "cancelled" });
    })
    .post("/delete", body(deleteInput), async (c) => {
      const isDeleted = await engineFor(parts, c).deleteExecution({ executionId: c.req.valid("json").id });
      if (!isDeleted) throw new ProblemError(problem(404, "EXECUTION_NOT_FOUND", "There is no such execution."));
      return c.json({ deleted: true });
    });
}

const CANNOT_RUN =
  "This process has the store, but no code for nodes. Fork the execution, or answer it: a process of your application " +
  "that recovers executions continues it.";

function contextOf(value: unknown): object {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw new ProblemError(problem(400, "INVALID_ARGUMENT", "context: must be an object."));
}

/** Waits a moment for a run, so that a refusal reaches the person. A longer run continues without the request. */
async function soonOr(run: Promise<{ status: string }>, onError: (error: unknown) => unknown): Promise<string> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isAnswered = false;
  const later = new Promise<string>((resolve) => {
    timer = setTimeout(() => {
      isAnswered = true;
      resolve("running");
    }, ANSWER_AFTER_MS);
  });
  const result = run.then(({ status }) => status);
  result.catch((error: unknown) => {
    if (isAnswered && !isWorkflowError(error)) onError(error);
  });
  try {
    return await Promise.race([result, later]);
  } finally {
    clearTimeout(timer);
  }
}
