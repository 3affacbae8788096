import { expect, it } from "vitest";
import { MemoryCheckpointStore } from "../../../store-memory/src/index.ts";
import { createWorkflowEngine, patch } from "../../src/index.ts";
import { createComparison, createRecorder, type Recording } from "../../src/migration/index.ts";
import { createWorkflowExecutor } from "../../src/v1/index.ts";
import { CALL, twoExecutors } from "./two-executors.ts";

const workflow = { id: "w1", nodes: [{ id: "a" }, { id: "b" }], edges: [{ source: "a", target: "b" }] };

async function recordingOf(): Promise<Recording> {
  const recordings: Recording[] = [];
  const recorder = createRecorder({ onRecording: (recording) => void recordings.push(recording) });
  const executors = { default: recorder.wrap("default", ({ context, node }) => ({ ...context, [node.id]: true })) };
  const { executeWorkflowSync } = createWorkflowExecutor({ workflows: [workflow], executors });
  await recorder.run(CALL, () => executeWorkflowSync(CALL));
  return recordings[0] as Recording;
}

it("a comparison of a kept recording, also of a copy from another process, finds what a rollout finds", async () => {
  const recording = structuredClone(await recordingOf());
  const { engine } = twoExecutors();
  expect(await createComparison({ v2: engine })(recording)).toMatchObject({ result: "equal", recordedNodes: 2 });
  const wrong = createWorkflowEngine({
    ...{ store: new MemoryCheckpointStore(), workflows: [workflow] },
    executors: { default: ({ node }) => patch({ [node.id]: node.id === "a" }) },
  });
  const compare = createComparison({ v2: wrong, live: ["default"] });
  for (let i = 0; i < 2; i++) {
    expect((await compare(recording)).difference).toEqual({
      ...{ kind: "context", nodeId: "b", path: "b", v1: "true", v2: "false" },
    });
  }
});

it.each([[{}], [{ v2: {} }], [{ ignore: "crm.at" }], [{ ignore: ["a..b"] }], [{ timeoutMs: 0 }]])(
  "createComparison refuses the options %j",
  (options) => {
    const { engine } = twoExecutors();
    const given = "v2" in options || Object.keys(options).length === 0 ? options : { v2: engine, ...options };
    expect(() => createComparison(given as never)).toThrow(expect.objectContaining({ code: "INVALID_ARGUMENT" }));
  },
);
