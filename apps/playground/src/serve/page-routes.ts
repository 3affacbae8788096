import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { WorkflowError } from "@waymark/core";
import { tokenFor } from "@waymark/inspector/server/access.ts";
import { eventStream } from "@waymark/inspector/server/event-stream.ts";
import { ProblemError, problem } from "@waymark/inspector/server/problem.ts";
import { type ApiEnv, body, parseText, query } from "@waymark/inspector/server/requests.ts";
import { Hono } from "hono";
import { isDurable, STORE_NAMES, type StoreChoice } from "../store/open-store.ts";
import { fileInput, orderInput, runInput } from "./inputs.ts";
import { comparedOutputs } from "./outputs.ts";
import type { RolloutRun } from "./rollout-view.ts";
import type { Runs } from "./runs.ts";
import { offered, type WorkflowShelf } from "./workflow-shelf.ts";

/** Changes of a run are sent together, at most once in this time, in milliseconds. */
const TOGETHER_MS = 60;

/** What the routes work with. */
export interface PageParts {
  shelf: WorkflowShelf;
  runs: Runs;
  rollout: RolloutRun;
  /** The folder of the embedded store. */
  dataDir: string;
  onError: (error: unknown) => void;
}

/** The routes of the page's own calls. */
export function pageRoutes({ shelf, runs, rollout, dataDir, onError }: PageParts) {
  const server = randomUUID();
  return new Hono<ApiEnv>()
    .get("/session", (c) => {
      const { token, cookie } = tokenFor(c.req.raw, "");
      if (cookie !== undefined) c.header("Set-Cookie", cookie);
      return c.json({
        token,
        // Another one after a start: so a page that is open knows that what it has may be gone.
        server,
        stores: STORE_NAMES.map((name) => ({ name, isDurable: isDurable({ name }), needsUrl: NEED_URL.has(name) })),
        run: runs.last?.view.id,
      });
    })
    .get("/workflows", (c) => c.json({ items: shelf.all.map(offered) }))
    .post("/workflows", body(fileInput), async (c) => {
      const { name, text } = c.req.valid("json");
      return c.json({ items: (await shelf.add(name, text)).map(offered) });
    })
    .post("/runs", body(orderInput), async (c) => {
      const { workflow, input: text, store, ...order } = c.req.valid("json");
      const { loaded } = shelf.get(workflow);
      const input = parseText(text, "input");
      if (typeof input !== "object" || input === null || Array.isArray(input)) {
        throw new WorkflowError("INVALID_ARGUMENT", "The input has to be a JSON object.");
      }
      const { disturbance } = order;
      if (disturbance.kind !== "none" && !loaded.workflow.nodes.some(({ id }) => id === disturbance.nodeId)) {
        throw new WorkflowError("INVALID_ARGUMENT", "The workflow has no such node.");
      }
      const run = await runs.start({ ...order, loaded, input: input as Record<string, unknown>, store: choice(store) });
      return c.json({ id: run.view.id });
    })
    .get("/run", query(runInput), (c) => c.json(runs.get(c.req.valid("query").id).view))
    .get("/run/outputs", query(runInput), (c) => c.json(comparedOutputs(runs.get(c.req.valid("query").id).outputs)))
    .post("/run/kill", body(runInput), (c) => {
      const run = runs.get(c.req.valid("json").id);
      if (!run.kill())
        throw new ProblemError(problem(409, "NOTHING_RUNS", "No process of this run is there to be killed."));
      return c.json({ ok: true });
    })
    .get("/run/events", query(runInput), (c) => {
      const run = runs.get(c.req.valid("query").id);
      const closed = c.req.raw.signal;
      return eventStream({ closed, onError }, async (send, signal) => {
        let changed = Promise.withResolvers<void>();
        const stop = run.onChange(() => changed.resolve());
        const aborted = () => changed.resolve();
        signal.addEventListener("abort", aborted);
        try {
          while (!signal.aborted) {
            changed = Promise.withResolvers();
            send("run", run.view);
            if (run.view.isOver) return true;
            await changed.promise;
            await sleep(TOGETHER_MS);
          }
          return false;
        } finally {
          stop();
          signal.removeEventListener("abort", aborted);
        }
      }) as never;
    })
    .get("/rollout", (c) => c.json(rollout.view))
    .post("/rollout", (c) => {
      rollout.start();
      return c.json({ ok: true });
    });

  function choice({ name, url }: { name: string; url?: string | undefined }): StoreChoice {
    if (NEED_URL.has(name)) {
      if (url === undefined || url === "")
        throw new WorkflowError("INVALID_ARGUMENT", `${name} needs the server's address.`);
      return { name, url };
    }
    return isDurable({ name }) ? { name, dataDir } : { name };
  }
}

const NEED_URL = new Set(["postgres", "redis", "mongo"]);

/** The routes as the page's client knows them. */
export type PageApi = ReturnType<typeof pageRoutes>;
