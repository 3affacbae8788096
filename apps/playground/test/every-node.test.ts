import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isThorough } from "../../../tooling/thorough.ts";
import { type PlaygroundEnvironment, startEnvironment } from "../src/cli/environment.ts";
import { Bench } from "../src/compare/bench.ts";
import { resolveExecutors } from "../src/compare/executor-table.ts";
import { runV1 } from "../src/compare/executors.ts";
import { compareFailure } from "../src/compare/interruptions.ts";
import { OutputComparison } from "../src/compare/output-comparison.ts";
import { openStore } from "../src/store/open-store.ts";
import { bundledForV1 } from "./bundled-for-v1.ts";

/** Of a workflow with more nodes, as many fail unless all are to be tried. */
const MANY = 8;

// Workflows that are slow on purpose are covered by the tests of the command line.
const workflows = (await bundledForV1()).filter(({ faults }) => faults.length === 0);

describe("a bundled workflow resumes after a failure at any of its nodes", () => {
  let environment: PlaygroundEnvironment;
  beforeAll(async () => {
    environment = await startEnvironment({});
  });
  afterAll(() => environment[Symbol.asyncDispose]());

  it.each(workflows.map((loaded) => [loaded.workflow.id, loaded] as const))("%s", async (_, loaded) => {
    const { executors } = resolveExecutors(loaded, { bundled: environment.nodes });
    const v2 = { store: await openStore({ name: "memory" }), contextMode: "frozen" } as const;
    const bench = new Bench(loaded, { services: environment.services, executors, runV1, v2, runLimitMs: 60_000 });
    bench.reset();
    const undisturbed = await bench.startV2();
    const order = undisturbed.recorder.completed;
    expect(order.length).toBeGreaterThan(5);
    const every = Math.ceil(order.length / MANY);
    for (const [before, failAfter] of order.entries()) {
      if (!isThorough && before % every !== 0) continue;
      const { output } = undisturbed.outcome;
      const context = { bench, outputs: new OutputComparison(), expected: { v1: output, v2: output }, order };
      const report = await compareFailure(context, { failAfter });
      expect(report).toMatchObject({
        node: { id: failAfter, position: before + 1 },
        v1: { finished: true, outputEqual: true, completed: { nodes: before } },
        v2: {
          finished: true,
          outputEqual: true,
          completedBefore: before,
          completed: { nodes: 0, requests: 0, effects: 0 },
          interrupted: { nodes: 1, effects: 0 },
        },
      });
    }
  });
});
