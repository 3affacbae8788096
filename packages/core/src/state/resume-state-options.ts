import { checker } from "../checker.ts";
import { filter } from "../option.ts";
import { id } from "./id-option.ts";
import type { ResumeStateOptions } from "./workflow-state-options.ts";

/** Checks what `WorkflowState.resume` is given beside the id. @throws {WorkflowError} INVALID_ARGUMENT */
export const checkResumeStateOptions: (value: unknown) => ResumeStateOptions = checker<ResumeStateOptions>(
  "WorkflowState.resume",
  { userId: filter(id) },
  "options",
);
