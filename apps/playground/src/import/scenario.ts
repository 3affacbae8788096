import { WorkflowError } from "@waymark/core";
import * as z from "zod";
import { type Fault, faultSchema } from "../server/faults.ts";

/** What a bundled workflow says about how to try it: the `playground` field beside its canvas. */
const scenarioSchema = z.strictObject({
  /** The initial data. */
  input: z.record(z.string(), z.unknown()).default({}),
  /** How the services misbehave in every run: they are slow, as a rule. */
  faults: z.array(faultSchema).default([]),
  /** What interrupts a run. Default: a node fails half-way. */
  interruption: z
    .union([
      z.strictObject({ faults: z.array(faultSchema).min(1) }),
      z.strictObject({ budgetMs: z.number().positive() }),
    ])
    .optional(),
});

/** What cuts a run off, by the scenario. */
export type ScenarioInterruption = { faults: Fault[] } | { budgetMs: number };

/** Reads a scenario. @throws {WorkflowError} WORKFLOW_INVALID */
export function readScenario(value: unknown): z.output<typeof scenarioSchema> {
  const scenario = scenarioSchema.safeParse(value ?? {});
  if (scenario.success) return scenario.data;
  const [issue] = scenario.error.issues;
  const where = ["playground", ...(issue?.path ?? [])].join(".");
  throw new WorkflowError("WORKFLOW_INVALID", `${where}: ${issue?.message ?? "not valid"}.`);
}
