import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { createWorkflowEngine, patch, suspend } from "../../src/index.ts";

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
const input = { workflowId: "a list", userId: "u", initialData: { page: later() } };
const code = await engine.executeWorkflow(input).catch((error: { code: string }) => error.code);
await new Promise((resolve) => setImmediate(resolve));
console.log(JSON.stringify(["initialData", code]));
