import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import {
  type ExecuteWorkflowResult,
  isWorkflowError,
  mapWorkflow,
  type NodeExecutor,
  NonRetryableError,
  subWorkflow,
} from "../../src/index.ts";
import { ManualClock } from "../../src/testing/index.ts";
import { driven } from "./driven-run.ts";
import { CALL, chainOf } from "./family-world.ts";
import { type Away, goingAway } from "./going-away.ts";

const STORE_RETRY_MS = 30_000;

/** A parent of a child, whose own node maps a list: its second item fails once. The node "last" follows in the parent. */
const WORKFLOWS = [chainOf("parent", "sub", "last"), chainOf("child", "map"), chainOf("item", "work")];

/** Runs the family while its store goes away, and then again as recoveries would, until it has ended. */
async function runFamily(away: Away) {
  const clock = new ManualClock();
  const storeClock = new ManualClock(0);
  const kept = new MemoryCheckpointStore({ clock: storeClock });
  const { away: store, calls } = goingAway(kept, clock, away);
  const committed: string[] = [];
  let hasFailed = false;
  const work: NodeExecutor = ({ context }) => {
    if (context.number !== 2 || hasFailed) return context;
    hasFailed = true;
    throw new NonRetryableError("not yet");
  };
  const last: NodeExecutor = ({ context, node }) => ({ ...context, [node.id]: true });
  const executors = {
    ...{ work, last },
    sub: subWorkflow({ workflowId: "child" }),
    map: mapWorkflow({ workflowId: "item", items: "numbers", as: "number" }),
  };
  const run = driven({ workflows: WORKFLOWS, executors }, { clock, storeClock, store });
  const ends: string[] = [];
  const tell = async (work: Promise<ExecuteWorkflowResult>) => {
    ends.push(
      await run.toEnd(work).then(
        ({ status, error }) => (error?.endsWith(": not yet") ? "not yet" : (error ?? status)),
        (error: unknown) => (isWorkflowError(error) ? error.code : String(error)),
      ),
    );
  };
  const start = () => run.engine.executeWorkflow({ ...CALL, initialData: { numbers: [1, 2, 3] } });
  await tell(start());
  for (let tries = 1; tries < 9; tries++) {
    const head = await kept.getExecution(CALL.executionId);
    if (head?.status === "completed") break;
    const resume = { executionId: CALL.executionId, waitForLeaseMs: 60_000 };
    await tell(head === undefined ? start() : run.engine.resumeWorkflow(resume));
  }
  const { items } = await kept.listExecutions({ limit: 1_000 });
  for (const { id } of items) {
    for (const { kind, nodeId } of await kept.readCheckpoints(id)) {
      if (kind !== "error" && nodeId !== "")
        committed.push(`${nodeId} of ${id === CALL.executionId ? "p1" : "a child"}`);
    }
  }
  return { calls, ends, statuses: items.map(({ status }) => status), committed: committed.sort() };
}

describe("a family whose store is away for longer than storeRetryMs", () => {
  it.each(["before", "after"] as const)(
    "takes that for no failure of a node, at whichever call it goes: %s",
    async (when) => {
      const undisturbed = await runFamily({ at: -1, when, forMs: 0 });
      expect(undisturbed.ends).toEqual(["not yet", "completed"]);
      for (let at = 0; at < undisturbed.calls.length; at++) {
        const { ends, statuses, committed } = await runFamily({ at, when, forMs: STORE_RETRY_MS * 1.5 });
        const what = `away ${when} call ${at}: ${undisturbed.calls[at]}`;
        expect([what, committed]).toEqual([what, undisturbed.committed]);
        expect([what, statuses]).toEqual([what, undisturbed.statuses]);
        const others = ends.filter((end) => !["STORE_UNAVAILABLE", "pending", "not yet", "completed"].includes(end));
        expect([what, others]).toEqual([what, []]);
      }
    },
  );
});
