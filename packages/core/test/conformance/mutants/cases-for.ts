import { type ConformanceCase, conformanceCases } from "@waymark/core/conformance";
import { isThorough } from "../../../../../tooling/thorough.ts";

/** The cases that a mutant is tried with: the one that must find it, and in a thorough run all others, which must not. */
export function casesFor(id: string): readonly ConformanceCase[] {
  return isThorough ? conformanceCases : conformanceCases.filter((one) => one.id === id);
}
