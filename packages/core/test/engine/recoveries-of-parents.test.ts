import { describe, expect, it } from "vitest";
import { type CheckpointStore, mapWorkflow, type NodeExecutor, subWorkflow } from "../../src/index.ts";
import { interceptStore } from "../../src/store/intercept-store.ts";
import { CALL, chainOf, type Family, type FamilyOptions, newFamily } from "./family-world.ts";
import { until } from "./turns.ts";

const ITEMS = 12;
const numbers = Array.from({ length: ITEMS }, (_, index) => index);

/** A step that kills the process it runs in, as often as `killsOf` says. */
function killing(killsOf: (executionId: string, nodeId: string, attempt: number) => boolean) {
  const kills: string[] = [];
  const step: NodeExecutor = ({ context, executionId, node, attempt }) => {
    if (!killsOf(executionId, node.id, attempt)) return { ...context, [node.id]: true };
    kills.push(`${node.id}/${attempt}`);
    return NEVER;
  };
  return { kills, step };
}

/** A list mapped to children of one node, one child at a time. */
function mapping(step: NodeExecutor, map: Partial<Parameters<typeof mapWorkflow>[0]> = {}): FamilyOptions {
  return {
    workflows: [chainOf("parent", "map", "last"), chainOf("child", "work")],
    executors: {
      ...{ work: step, last: step },
      map: mapWorkflow({ workflowId: "child", items: "numbers", as: "number", itemConcurrency: 1, ...map }),
    },
    leaseMs: 0,
  };
}

/** Lets processes start the parent and take it over, until one of them does not die before the end. */
async function dieOften(
  { engine, data }: Family,
  kills: readonly string[],
  most: number,
  { isNew = true } = {},
): Promise<void> {
  for (let process = 0; ; process++) {
    const before = kills.length;
    const isDead = () => kills.length > before;
    const store = interceptStore(data.reopen(), (_method, call) => (isDead() ? NEVER : call()));
    const living = engine({ store });
    let isOver = false;
    const run =
      process === 0 && isNew
        ? living.executeWorkflow({ ...CALL, initialData: { numbers } })
        : living.resumeWorkflow({ executionId: CALL.executionId });
    void run.then(() => {
      isOver = true;
    });
    await until(() => isOver || isDead());
    if (isOver) return;
    if (kills.length > most) throw new Error(`More than ${most} processes have died.`);
  }
}

/** A store whose process dies when it claims a child, once as many others have died. */
function neverClaiming(bare: CheckpointStore, kills: string[], after = 0): CheckpointStore {
  const claimExecution: CheckpointStore["claimExecution"] = (id, request) => {
    if (id === CALL.executionId || kills.length < after) return bare.claimExecution(id, request);
    kills.push("claim");
    return NEVER;
  };
  return { ...interceptStore(bare, (_method, call) => call()), claimExecution };
}

const NEVER = new Promise<never>(() => undefined);

describe("a parent whose processes die", () => {
  it.each([1, 5])("completes if its map's items progress in between (maxRecoveries: %d)", async (maxRecoveries) => {
    const { kills, step } = killing((_id, nodeId, attempt) => nodeId === "work" && attempt <= maxRecoveries);
    const family = newFamily({ ...mapping(step), maxRecoveries });
    await dieOften(family, kills, ITEMS * maxRecoveries);
    expect(kills).toHaveLength(ITEMS * maxRecoveries);
    expect(await family.data.getExecution("p1")).toMatchObject({ status: "completed", recoveries: 0 });
    expect((await family.children()).map(({ status }) => status)).toEqual(numbers.map(() => "completed"));
  });

  it("completes if the nodes of its only child, or those of that one's child, progress in between", async () => {
    const nodeIds = numbers.map((number) => `n${number}`);
    const { kills, step } = killing((_id, nodeId, attempt) => nodeId.startsWith("n") && attempt <= 2);
    const family = newFamily({
      workflows: [chainOf("parent", "sub", "last"), chainOf("child", "deep"), chainOf("grandchild", ...nodeIds)],
      executors: {
        ...Object.fromEntries(nodeIds.map((nodeId) => [nodeId, step])),
        ...{ sub: subWorkflow({ workflowId: "child" }), deep: subWorkflow({ workflowId: "grandchild" }) },
      },
      ...{ leaseMs: 0, maxRecoveries: 3 },
    });
    await dieOften(family, kills, ITEMS * 3);
    expect(kills).toHaveLength(ITEMS * 2);
    expect(await family.data.getExecution("p1")).toMatchObject({ status: "completed" });
  });

  it.each([0, 7])("ends an item that kills each of them with RECOVERY_LIMIT: item %d", async (item) => {
    let killer = "";
    const { kills, step } = killing((executionId, nodeId) => nodeId === "work" && executionId === killer);
    const deadly: NodeExecutor = (args) => {
      if (args.context.number === item) killer = args.executionId;
      return step(args);
    };
    const family = newFamily(mapping(deadly));
    await dieOften(family, kills, 20);
    expect(kills.length).toBeLessThanOrEqual(6);
    const parent = await family.data.getExecution("p1");
    expect(parent).toMatchObject({ status: "failed", failure: { code: "CHILD_FAILED", nodeId: "map" } });
    expect(parent?.failure?.message).toContain("have died 6 times");
    expect(await family.data.getExecution(killer)).toMatchObject({
      status: "failed",
      failure: { code: "RECOVERY_LIMIT", nodeId: "work", attempts: 6 },
    });
  });

  it("collects the items that kill each of them, and completes", async () => {
    const deadly = new Set([0, 3, 4, 11]);
    const killers = new Set<string>();
    const { kills, step } = killing((executionId, nodeId) => nodeId === "work" && killers.has(executionId));
    const work: NodeExecutor = (args) => {
      if (deadly.has(Number(args.context.number))) killers.add(args.executionId);
      return step(args);
    };
    const family = newFamily(mapping(work, { onItemError: "collect", into: "results" }));
    await dieOften(family, kills, 40);
    expect(kills).toHaveLength(4 * 6);
    const results = (await family.engine().getExecutionState("p1")).getContext().results as {
      success: boolean;
      error?: { code: string };
    }[];
    expect(results.map(({ success, error }) => (success ? "ok" : error?.code))).toEqual(
      numbers.map((number) => (deadly.has(number) ? "RECOVERY_LIMIT" : "ok")),
    );
  });

  it("counts from the start again once a run of it has ended by itself", async () => {
    const { kills, step } = killing((_id, nodeId, attempt) => nodeId === "work" && attempt === 1);
    const family = newFamily({ ...mapping(step), maxRecoveries: 1 });
    const living = { isStopping: false };
    const stopping: Family = {
      ...family,
      engine: (options) => {
        const engine = family.engine(options);
        const { resumeWorkflow } = engine;
        const budgetMs = 0;
        return {
          ...engine,
          resumeWorkflow: (call) => resumeWorkflow({ ...call, ...(living.isStopping && { budgetMs }) }),
        } as typeof engine;
      },
    };
    await dieOften(stopping, kills, 7).catch(() => {
      living.isStopping = true;
    });
    expect(kills).toHaveLength(8);
    await dieOften(stopping, kills, 8, { isNew: false });
    expect(await family.data.getExecution("p1")).toMatchObject({ status: "pending" });
    const store = { ...interceptStore(family.data.reopen(), (_method, call) => call()) };
    const claims = neverClaiming(store, kills);
    await dieOften({ ...family, data: { ...family.data, reopen: () => claims } as never }, kills, 20, { isNew: false });
    expect(await family.data.getExecution("p1")).toMatchObject({ failure: { code: "RECOVERY_LIMIT" } });
    expect(kills.filter((each) => each === "claim").length).toBeLessThanOrEqual(4);
  });

  it("fails with RECOVERY_LIMIT if none of them comes to its items, however far those came before", async () => {
    const { kills, step } = killing((_id, nodeId) => nodeId === "work" && kills.length < 3);
    const family = newFamily(mapping(step, { itemConcurrency: 4 }));
    const { data } = family;
    const store = neverClaiming(data.reopen(), kills, 3);
    await dieOften({ ...family, data: { ...data, reopen: () => store } as never }, kills, 20);
    const head = await data.getExecution("p1");
    expect(head).toMatchObject({ status: "failed", failure: { code: "RECOVERY_LIMIT", nodeId: "map" } });
    expect(head?.failure?.message).toContain("have died 6 times without a checkpoint of it or of its children");
    // They had come further before the first look, and not before the second.
    expect(head?.failure?.attempts).toBe(11);
  });
});
