import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { createWorkflowEngine, patch, subWorkflow, suspend } from "../../src/index.ts";

// A process in which nodes and callers forget to await what fails later. Prints one line for each.

const later = async (): Promise<never> => {
  await null;
  throw new Error("later");
};
const thrown = (error: unknown) => () => {
  throw error;
};

const EXECUTORS: Record<string, (args: { context: object }) => unknown> = {
  "a result": ({ context }) => ({ ...context, page: later() }),
  "several, nested": () => ({ a: later(), b: { c: [later(), new Map([["d", new Set([later()])]])] } }),
  "a patch": () => patch({ page: later(), other: later() }),
  "a payload": () => suspend({ payload: { page: later() } }),
  "a list": () => [later()],
  "a large list": () => Array.from({ length: 200_000 }, (_, index) => (index < 10 ? later() : index)),
  "a large map": ({ context }) => ({
    ...context,
    map: new Map(Array.from({ length: 200_000 }, (_, at) => [at, at])),
    page: later(),
  }),
  "an input": subWorkflow({ workflowId: "a list", input: later as never }) as never,
  "a thrown promise": () => thrown(later())(),
  "a rejection": () => Promise.reject(later()),
  "a cause": () => thrown(new Error("x", { cause: later() }))(),
};

const workflows = Object.keys(EXECUTORS).map((id) => ({ id, nodes: [{ id: "n1", type: id }], edges: [] }));
const engine = createWorkflowEngine({
  store: new MemoryCheckpointStore(),
  workflows,
  executors: EXECUTORS as never,
});
for (const { id } of workflows) {
  const { status } = await engine.executeWorkflow({ workflowId: id, userId: "u" });
  await new Promise((resolve) => setImmediate(resolve));
  console.log(JSON.stringify([id, status]));
}
for (const input of [() => ({ page: later() }), later]) {
  const call = engine.executeWorkflow({ workflowId: "a list", userId: "u", initialData: input() as never });
  const code = await call.catch((error: { code: string }) => error.code);
  await new Promise((resolve) => setImmediate(resolve));
  console.log(JSON.stringify(["initialData", code]));
}
