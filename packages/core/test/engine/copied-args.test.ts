import { describe, expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { createWorkflowEngine, type NodeExecutorArgs } from "../../src/index.ts";
import { chain } from "./chain.ts";

const COPIES: Readonly<Record<string, (args: NodeExecutorArgs) => NodeExecutorArgs>> = {
  "a spread": (args) => ({ ...args }),
  "a copy of their properties": (args) =>
    Object.defineProperties({}, Object.getOwnPropertyDescriptors(args)) as NodeExecutorArgs,
  "an object that inherits from them": (args) => Object.create(args),
  "a proxy": (args) => new Proxy(args, {}),
};

describe("what an executor makes of its arguments has their keys, token and signal:", () => {
  it.each(Object.entries(COPIES))("%s", async (_what, copy) => {
    const own: unknown[] = [];
    const copied: unknown[] = [];
    const engine = createWorkflowEngine({
      store: new MemoryCheckpointStore(),
      workflows: [chain(2)],
      executors: {
        default: (args) => {
          own.push([args.idempotencyKey, args.waitToken, args.signal]);
          const { idempotencyKey, waitToken, signal } = copy(args);
          copied.push([idempotencyKey, waitToken, signal]);
          return args.context;
        },
      },
    });
    expect(await engine.executeWorkflow({ workflowId: "chain", userId: "u1" })).toMatchObject({ success: true });
    expect(copied).toEqual(own);
    expect(new Set(own.flat()).size).toBe(6);
  });
});
