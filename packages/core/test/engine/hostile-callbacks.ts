// Runs workflows with each kind of hostile callback, and prints what came of it: for callbacks.test.ts, in a process that
// an unhandled rejection ends.
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { createWorkflowEngine, type NodeExecutor, suspend } from "../../src/index.ts";
import { injectFaults } from "../../src/testing/index.ts";
import { append, chain } from "./chain.ts";
import { thenable } from "./thenable.ts";

const down = () => new Error("metrics are down");
const rejected = () => Promise.reject(down());

/** What a callback whose result nobody uses may do, by name. */
const CALLBACKS: Record<string, () => unknown> = {
  "does nothing": () => undefined,
  throws: () => {
    throw down();
  },
  "throws what cannot be read": () => {
    throw new Proxy({}, { get: rejected, getPrototypeOf: () => null });
  },
  "rejects at once": rejected,
  "rejects later": async () => {
    await new Promise((resolve) => setImmediate(resolve));
    throw down();
  },
  "never settles": () => new Promise(() => undefined),
  "returns a promise with a `then` and a `catch` of its own": () =>
    Object.assign(
      rejected(),
      thenable(() => undefined),
      { catch: () => undefined },
    ),
  "returns a thenable that rejects": () => thenable((_, reject) => reject(down())),
  "returns a thenable whose `then` rejects": () => thenable(rejected),
  "returns a thenable whose `then` throws": () =>
    thenable(() => {
      throw down();
    }),
  "returns a thenable that resolves with a promise that rejects": () => thenable((resolve) => resolve(rejected())),
  "returns a thenable that returns and resolves with itself": () => {
    const itself = thenable((resolve) => {
      resolve(itself);
      return itself;
    });
    return itself;
  },
  "returns what cannot be read": () =>
    new Proxy(
      {},
      {
        get: () => {
          throw down();
        },
      },
    ),
};

const executor: NodeExecutor = (args) => {
  args.log.info("runs", { attempt: args.attempt });
  if (args.node.id === "n1" && args.attempt === 1) throw new Error("503");
  return args.node.id === "n2" && args.resume === undefined ? suspend() : append(args);
};

for (const [name, callback] of Object.entries(CALLBACKS)) {
  let calls = 0;
  let faults = 0;
  const store = injectFaults(new MemoryCheckpointStore(), {
    seed: 1,
    faults: { all: { delay: 0.5, delayMs: 0 } },
    onFault: () => {
      faults += 1;
      return callback();
    },
  });
  const { executeWorkflow, resumeWorkflow, pruneExecutions } = createWorkflowEngine({
    store,
    workflows: [chain(3)],
    executors: { default: executor },
    retry: { maxAttempts: 2, backoffMs: 0 },
    onEvent: () => {
      calls += 1;
      return callback();
    },
    logger: { debug: callback, info: callback, warn: callback, error: callback },
  });
  const first = await executeWorkflow({ workflowId: "chain", userId: "u1" });
  const second = await resumeWorkflow({ executionId: first.executionId, data: 1 });
  const pruned = await pruneExecutions({
    olderThanMs: 0,
    onProgress: () => {
      calls += 1;
      return callback();
    },
  });
  await new Promise((resolve) => setTimeout(resolve, 1));
  const results = [first, second].map(({ status, output, checkpointsCount }) => ({ status, output, checkpointsCount }));
  console.log(JSON.stringify({ name, calls, faults, pruned, results }));
}
