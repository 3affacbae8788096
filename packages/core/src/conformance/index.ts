export type { CaseContext, ConformanceCase, ConformanceHarness, OpenedStore, Requirement } from "./case.ts";
export { conformanceCases } from "./cases/index.ts";
export { INVARIANTS, type InvariantNumber } from "./invariants.ts";
export { describeCheckpointStore, type TestRunner } from "./register.ts";
export { type CaseResult, type ConformanceReport, formatReport } from "./report.ts";
export { type RunConformanceOptions, runConformance } from "./run.ts";
