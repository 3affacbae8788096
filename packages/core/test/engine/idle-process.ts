// Uses everything that waits in the background, by the machine's own clock, and prints what it did: for idle-process.test.ts,
// in a process that must end by itself once the engine is drained and its recovery stopped.
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { createWorkflowEngine, type NodeExecutor, patch, suspend } from "../../src/index.ts";
import { branches } from "./world.ts";

const rejects = () => Promise.reject(new Error("nobody listens"));
const throws = () => {
  throw new Error("nobody listens");
};
let token = "";
const executor: NodeExecutor = async ({ node, resume, waitToken, attempt, log }) => {
  log.info("runs", { attempt });
  if (node.id === "ask" && resume === undefined) {
    token = waitToken;
    return suspend({ forMs: 3_600_000 });
  }
  if (node.id === "late" && resume === undefined) return suspend({ forMs: 10 });
  if (node.id === "fails" && attempt === 1) throw new Error("503");
  if (node.id === "hangs") {
    // It goes on, and rejects when nobody waits for it any more.
    return new Promise((_, reject) => setTimeout(reject, 50, new Error("too late")));
  }
  return patch({ [node.id]: true });
};
const workflow = branches("ask", "late", "fails");
const hanging = { ...branches("hangs"), id: "hanging" };

for (const onEvent of [throws, rejects]) {
  const store = new MemoryCheckpointStore();
  const engine = createWorkflowEngine({
    store,
    workflows: [workflow, hanging],
    executors: { default: executor },
    retry: { maxAttempts: 2, backoffMs: 5 },
    logger: { debug: throws, info: throws, warn: throws, error: throws },
    onEvent,
  });
  const call = { workflowId: "branches", userId: "u1", executionId: "e1", deadlineMs: 86_400_000 };
  const recovery = engine.startRecovery({ intervalMs: 20 });
  engine.startRecovery({ intervalMs: 3_600_000 });
  await engine.startExecution(call);
  const joined = engine.executeWorkflow({ ...call, ifExists: "join" });
  const timedOut = engine.executeWorkflow({ workflowId: "hanging", userId: "u1", timeoutMs: 20 });
  const aborted = engine.executeWorkflow({ workflowId: "hanging", userId: "u1", signal: AbortSignal.timeout(10) });
  const cancelled = engine.executeWorkflow({ workflowId: "hanging", userId: "u1", executionId: "c1" });
  while ((await store.getExecution("c1"))?.status !== "running") await new Promise((resolve) => setTimeout(resolve, 1));
  await engine.cancelExecution({ executionId: "c1" });
  while (token === "" || (await store.getExecution("e1"))?.status !== "suspended") {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await engine.answerWait({ waitToken: token, data: 1 });
  while ((await store.getExecution("e1"))?.status !== "completed")
    await new Promise((resolve) => setTimeout(resolve, 5));
  const ends = await Promise.all([joined, timedOut, aborted, cancelled].map((run) => run.then(({ status }) => status)));
  await recovery.stop();
  await engine.drain({ timeoutMs: 60_000 });
  console.log(ends.join(" "), (await store.getExecution("e1"))?.status);
  token = "";
}
