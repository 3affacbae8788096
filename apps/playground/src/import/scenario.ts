import { WorkflowError } from "@waymark/core";
import * as z from "zod";
import { type Fault, faultSchema } from "../server/faults.ts";

/** The `playground` field beside a canvas: how to try the workflow. */
const scenarioSchema = z.strictObject({
  /** The initial data. */
  input: z.record(z.string(), z.unknown()).default({}),
  /** The faults of the services in every run. Usually they are slow. */
  faults: z.array(faultSchema).default([]),
  /** The answers to nodes that wait, by node id. */
  answers: z.record(z.string(), z.unknown()).default({}),
  /** Canvases of the workflows that nodes of types "sub-workflow" and "map-workflow" run. */
  children: z.array(z.looseObject({ id: z.string().min(1), nodes: z.array(z.unknown()) })).default([]),
  /** What interrupts a run. Default: a node fails half-way. */
  interruption: z
    .union([
      z.strictObject({ faults: z.array(faultSchema).min(1) }),
      z.strictObject({ budgetMs: z.number().positive() }),
    ])
    .optional(),
});

/** The interruption of a scenario. */
export type ScenarioInterruption = { faults: Fault[] } | { budgetMs: number };

/** Reads a scenario. @throws {WorkflowError} WORKFLOW_INVALID */
export function readScenario(value: unknown): z.output<typeof scenarioSchema> {
  const scenario = scenarioSchema.safeParse(value ?? {});
  if (scenario.success) return scenario.data;
  const [issue] = scenario.error.issues;
  const where = ["playground", ...(issue?.path ?? [])].join(".");
  throw new WorkflowError("WORKFLOW_INVALID", `${where}: ${issue?.message ?? "not valid"}.`);
}
