import { isThorough } from "tooling/thorough";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkPlanted } from "../scripts/planted-differences.ts";
import { type PlaygroundEnvironment, startEnvironment } from "../src/cli/environment.ts";
import { resolveExecutors } from "../src/compare/executor-table.ts";
import { bundledForV1 } from "./bundled-for-v1.ts";

/** The one whose loops make as many runs as those of all others. */
const LONG = "catalogue-sync";
const all = await bundledForV1();
const workflows = isThorough ? all : all.filter(({ workflow }) => workflow.id !== LONG);

describe("a comparison with a recorded run of a bundled workflow", () => {
  let environment: PlaygroundEnvironment;
  beforeAll(async () => {
    environment = await startEnvironment({});
  });
  afterAll(() => environment[Symbol.asyncDispose]());

  it.each(workflows.map((loaded) => [loaded.workflow.id, loaded] as const))(
    "finds every planted difference at its node, and none where there is none: %s",
    async (_, loaded) => {
      const { services, nodes } = environment;
      services.reset(loaded.faults);
      const { executors } = resolveExecutors(loaded, { bundled: nodes });
      const report = await checkPlanted(loaded, { executors, countRequests: () => services.received });
      expect(report.same).toMatchObject({ result: "equal" });
      expect(report.missed).toEqual([]);
      expect(report.kinds.size).toBeGreaterThanOrEqual(9);
      expect(report.requests).toEqual({ v1: expect.any(Number), v2: 0 });
      expect(report.requests.v1).toBeGreaterThan(0);
    },
  );
});
