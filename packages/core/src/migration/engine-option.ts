import { type EngineInternals, internalsOf } from "../engine/engine-internals.ts";
import { mustBe } from "../given.ts";
import type { Check } from "../option.ts";

/** An option that takes an engine, or a copy of its members. */
export const engineOption: Check = (value) =>
  internalsOf(value) === undefined
    ? `${mustBe("an engine that createWorkflowEngine returned", value)} (and not one of forUser)`
    : undefined;

/** Returns the internals of an engine that {@link engineOption} has accepted. */
export function checkedInternals(engine: unknown): EngineInternals {
  return internalsOf(engine) as EngineInternals;
}
