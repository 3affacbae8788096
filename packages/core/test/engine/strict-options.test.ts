import { describe, expect, it } from "vitest";
import * as z from "zod/mini";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import {
  createWorkflowEngine,
  defineNode,
  fromReactFlow,
  suspend,
  type WorkflowEngineOptions,
  WorkflowState,
} from "../../src/index.ts";
import { crashAt, injectFaults } from "../../src/testing/index.ts";
import { createWorkflowExecutor } from "../../src/v1/index.ts";
import { append, chain } from "./chain.ts";

const STORE = new MemoryCheckpointStore();
const CANVAS = { nodes: [{ id: "a" }], edges: [] };
const TYPE = { name: "X", test: () => false, encode: () => 1, decode: () => 1 };
const engineOf = (wrong: object) =>
  createWorkflowEngine({ store: STORE, workflows: [chain(1)], executors: { default: append }, ...wrong } as never);
const CALL = { workflowId: "chain", userId: "u1" };

async function setUp() {
  const store = new MemoryCheckpointStore();
  const executors = { default: append, ask: () => suspend() };
  const engine = createWorkflowEngine({ store, workflows: [chain(2)], executors });
  await engine.executeWorkflow({ ...CALL, executionId: "done" });
  await engine.executeWorkflow({ ...CALL, executionId: "cut-off", budgetMs: 0 });
  return { store, engine };
}

/** The options that only an engine has, and no call: the compiler refuses the record if one is missing. */
const ENGINE_OPTIONS = Object.keys({
  store: true,
  executors: true,
  workflows: true,
  dispatcher: true,
  retry: true,
  nodeTimeoutMs: true,
  leaseMs: true,
  storeRetryMs: true,
  maxRecoveries: true,
  historyLimit: true,
  durability: true,
  contextMode: true,
  codec: true,
  clock: true,
  redact: true,
  logger: true,
  onEvent: true,
} satisfies Record<Exclude<keyof WorkflowEngineOptions, "nodeConcurrency" | "timeoutMs">, true>);

const idsIn = async (store: MemoryCheckpointStore) => (await store.listExecutions()).items.map(({ id }) => id).sort();

describe("an option that is not known", () => {
  type Engine = Awaited<ReturnType<typeof setUp>>["engine"];
  const calls: [member: string, call: (engine: Engine, options: never) => unknown, named: object][] = [
    ["executeWorkflow", (engine, options) => engine.executeWorkflow(options), CALL],
    ["executeWorkflowSync", (engine, options) => engine.executeWorkflowSync(options), CALL],
    ["resumeWorkflow", (engine, options) => engine.resumeWorkflow(options), { executionId: "cut-off" }],
    [
      "forkExecution",
      (engine, options) => engine.forkExecution(options),
      { executionId: "done", at: { stepNumber: 0 } },
    ],
    ["listExecutions", (engine, options) => engine.listExecutions(options), {}],
    ["pruneExecutions", (engine, options) => engine.pruneExecutions(options), { olderThanMs: 0 }],
    ["getExecutionState", (engine, options) => engine.getExecutionState("done", options), {}],
  ];
  it.each(calls)("is refused by %s, which names it, and nothing is done", async (member, call, named) => {
    const { store, engine } = await setUp();
    const before = await idsIn(store);
    for (const name of ["unheardOf", "userID", "initalData", "__proto__x", "x\n"]) {
      const thrown = await Promise.resolve()
        .then(() => call(engine, { ...named, [name]: "u1" } as never))
        .catch((error: unknown) => error);
      expect(thrown).toMatchObject({ code: "INVALID_ARGUMENT" });
      expect((thrown as Error).message).toContain(
        `${member}: unknown option ${JSON.stringify(name).replace("\\n", "\\u000a")}`,
      );
    }
    expect(await idsIn(store)).toEqual(before);
    expect(await store.getExecution("cut-off")).toMatchObject({ status: "pending", version: 1 });
  });

  it.each(ENGINE_OPTIONS)("is said to be the engine's: %s", async (name) => {
    const { engine } = await setUp();
    const wrong = engine.cancelExecution({ executionId: "cut-off", [name]: 1 } as never);
    await expect(wrong).rejects.toThrow(`unknown option "${name}" (it is one of createWorkflowEngine)`);
  });

  it.each([
    [{ nodeTimeoutMS: 5 }, 'unknown option "nodeTimeoutMS" (did you mean "nodeTimeoutMs"?)'],
    [{ durabilty: "async" }, 'unknown option "durabilty" (did you mean "durability"?)'],
    [{ retry: { maxAtempts: 3 } }, 'retry: unknown option "maxAtempts"'],
    [{ codec: { type: [] } }, 'codec: unknown option "type"'],
    [
      { store: Promise.resolve(new MemoryCheckpointStore()) },
      "store: must be a CheckpointStore, not a Promise of one: write await",
    ],
    [{ executors: { a: null } }, 'executors: "a": must be a function, not null'],
    [
      { executors: [append] },
      "executors: must be a record by node type, { default: executor }, or a function, not a list",
    ],
    [{ leaseMs: "30000" }, "leaseMs: must be a whole number of milliseconds"],
    [{ durability: "maybe" }, 'durability: must be "sync" or "async"'],
  ])("or is of another kind is refused by createWorkflowEngine: %o", (wrong, message) => {
    const options = { store: new MemoryCheckpointStore(), workflows: [chain(1)], executors: { default: append } };
    expect(() => createWorkflowEngine({ ...options, ...wrong } as never)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", message: expect.stringContaining(message) }),
    );
  });

  it("is refused by WorkflowState.withStore", () => {
    expect(() => WorkflowState.withStore(new MemoryCheckpointStore(), { leaseMS: 1 } as never)).toThrow(
      expect.objectContaining({
        code: "INVALID_ARGUMENT",
        message: expect.stringContaining('did you mean "leaseMs"?'),
      }),
    );
  });

  it.each([
    [{ retry: { maxAttempts: 3 } }, 'unknown option "retry"'],
    [{ data: { parse: () => ({}) } }, "data: must be a Standard Schema"],
    [{ run: undefined }, "run: must be a function"],
    [{ type: undefined }, "type: must be a string"],
  ])("or is of another kind is refused by defineNode: %o", (wrong, message) => {
    const node = { type: "a", data: z.object({}), run: append };
    expect(() => defineNode({ ...node, ...wrong } as never)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT", message: expect.stringContaining(message) }),
    );
  });

  it.each<[string, () => unknown, string]>([
    ["fromReactFlow", () => fromReactFlow("x", CANVAS, { ignor: () => true } as never), 'did you mean "ignore"'],
    ["fromReactFlow", () => fromReactFlow("x", CANVAS, { typeOf: "a" } as never), "typeOf: must be a function"],
    ["crashAt", () => crashAt(STORE, { cal: 1, when: "before" } as never), 'did you mean "call"'],
    ["crashAt", () => crashAt(STORE, { method: "comit", call: 1, when: "before" } as never), "method: must be"],
    ["injectFaults", () => injectFaults(STORE, { seed: 1, fault: {} } as never), 'did you mean "faults"'],
    ["injectFaults", () => injectFaults(STORE, { seed: 1, faults: { comit: {} } } as never), 'unknown option "comit"'],
    ["injectFaults", () => injectFaults(STORE, { seed: 1, faults: { all: { fail: 1 } } } as never), '"fail"'],
    ["createWorkflowExecutor", () => createWorkflowExecutor({ workflows: [], executors: null } as never), "executors"],
    [
      "createWorkflowExecutor",
      () => createWorkflowExecutor({ workflows: [], executors: { a: 1 } } as never),
      "executors",
    ],
    [
      "createWorkflowExecutor",
      () => createWorkflowExecutor({ workflows: [], executors: {}, retry: {} } as never),
      '"retry"',
    ],
    ["WorkflowState.withStore", () => WorkflowState.withStore(STORE).withStore({} as never), "store: must be"],
    ["createWorkflowEngine", () => engineOf({ executors: new Map() }), "executors: must be a record by node type"],
    [
      "createWorkflowEngine",
      () =>
        engineOf({
          executors: new (class Nodes {
            a = undefined;
          })(),
        }),
      '"a": must be a function',
    ],
    [
      "createWorkflowEngine",
      () =>
        engineOf({
          executors: new (class Nodes {
            a() {}
          })(),
        }),
      'an instance of "Nodes"',
    ],
    ["createWorkflowEngine", () => engineOf({ workflows: Promise.resolve([]) }), "workflows: must be a list"],
    ["createWorkflowEngine", () => engineOf({ workflows: new Set([chain(1)]) }), 'an instance of "Set"'],
    ["codec.types", () => engineOf({ codec: { types: [{ ...TYPE, name: undefined }] } }), "with a name"],
    ["codec.types", () => engineOf({ codec: { types: [{ ...TYPE, name: "Map" }] } }), '"Map" is taken or reserved'],
    ["codec.types", () => engineOf({ codec: { types: [{ ...TYPE, tset: TYPE.test }] } }), 'unknown member "tset"'],
    ["codec.types", () => engineOf({ codec: { types: [{ ...TYPE, decode: undefined }] } }), "a function decode()"],
  ])("or is of another kind is refused by %s, case %#", (name, call, message) => {
    expect(call).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT", message: expect.stringContaining(name) }));
    expect(call).toThrow(message);
  });

  it("cannot hide in an object whose reading throws", async () => {
    const { engine } = await setUp();
    const hostile = {
      ...CALL,
      get timeoutMs(): number {
        throw new Error("no");
      },
    };
    await expect(engine.executeWorkflow(hostile)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  });

  it.each([["chain"], [undefined], [null], [7], [["chain", "u1"]]])(
    "is no matter if there is no object of options: %o",
    async (given) => {
      const { engine } = await setUp();
      await expect(engine.executeWorkflow(given as never)).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
        message: expect.stringMatching(
          /^executeWorkflow: takes one object \{ workflowId, userId, initialData\?, .* \}, (not|but was given) .*\.$/,
        ),
      });
    },
  );
});

describe("an option that is undefined", () => {
  it("counts as absent in every call", async () => {
    const { engine } = await setUp();
    const none = { timeoutMs: undefined, budgetMs: undefined, signal: undefined, throwOnFailure: undefined };
    const unnamed = { initialData: undefined, executionId: undefined, resumeFromExecutionId: undefined };
    expect(await engine.executeWorkflow({ ...CALL, ...none, ...unnamed } as never)).toMatchObject({
      status: "completed",
      output: { ran: ["n1", "n2"] },
    });
    const resume = { nodeId: undefined, data: undefined, definition: undefined, waitForLeaseMs: undefined, ...none };
    expect(await engine.resumeWorkflow({ executionId: "cut-off", ...resume } as never)).toMatchObject({
      status: "completed",
    });
    expect((await engine.getExecutionState("done", { checkpoints: undefined } as never)).getCheckpoints()).toHaveLength(
      2,
    );
  });

  it("counts as absent in the engine's options and in a retry policy", async () => {
    let calls = 0;
    const nothing = {
      nodeTimeoutMs: undefined,
      timeoutMs: undefined,
      leaseMs: undefined,
      storeRetryMs: undefined,
      durability: undefined,
      contextMode: undefined,
      codec: undefined,
      clock: undefined,
      onEvent: undefined,
    };
    const { executeWorkflow } = createWorkflowEngine({
      ...nothing,
      store: new MemoryCheckpointStore(),
      workflows: [{ ...chain(1), nodes: [{ id: "n1", retry: { maxAttempts: undefined, backoffMs: undefined } }] }],
      executors: {
        default: () => {
          calls += 1;
          throw new Error("down");
        },
      },
      retry: { maxAttempts: undefined, backoffMs: 0, backoffFactor: undefined, maxBackoffMs: undefined },
    } as never);
    expect(await executeWorkflow(CALL as never)).toMatchObject({ status: "failed" });
    expect(calls).toBe(1);
  });
});

describe("a filter that vanished", () => {
  const filters = ["workflowId", "userId", "status", "parentId", "createdBefore", "leaseExpired", "due"];
  it.each(filters)("%s does not list everything", async (name) => {
    const { engine } = await setUp();
    for (const value of [undefined, null, ""]) {
      await expect(engine.listExecutions({ [name]: value } as never)).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
        message: expect.stringContaining(`listExecutions: ${name}: `),
      });
    }
  });

  it.each(["workflowId", "userId", "status"])("%s does not delete everything", async (name) => {
    const { store, engine } = await setUp();
    for (const value of [undefined, null, ""]) {
      await expect(engine.pruneExecutions({ olderThanMs: 0, [name]: value } as never)).rejects.toMatchObject({
        code: "INVALID_ARGUMENT",
      });
    }
    expect(await idsIn(store)).toEqual(["cut-off", "done"]);
  });
});

describe("options that throw when they are looked at", () => {
  const hostile: unknown[] = [Proxy.revocable({}, {}), Proxy.revocable([], {})].map(({ proxy, revoke }) => {
    revoke();
    return proxy;
  });
  type Engine = Awaited<ReturnType<typeof setUp>>["engine"];
  const calls: [member: string, call: (engine: Engine, options: never) => unknown][] = [
    ["executeWorkflow", (engine, options) => engine.executeWorkflow(options)],
    ["listExecutions", (engine, options) => engine.listExecutions(options)],
    ["pruneExecutions", (engine, options) => engine.pruneExecutions(options)],
    ["getExecutionState", (engine, options) => engine.getExecutionState("done", options)],
    ["createWorkflowEngine", (_engine, options) => createWorkflowEngine(options)],
    ["defineNode", (_engine, options) => defineNode(options)],
  ];
  it.each(calls)("are refused by %s with a code, and nothing is done", async (_member, call) => {
    const { store, engine } = await setUp();
    for (const options of hostile) {
      const refused = Promise.resolve().then(() => call(engine, options as never));
      await expect(refused).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    }
    expect(await idsIn(store)).toEqual(["cut-off", "done"]);
  });
});
