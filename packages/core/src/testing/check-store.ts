import { WorkflowError } from "../errors.ts";
import { mustBe } from "../given.ts";
import { STORE_METHODS, type StoreMethod } from "../store/intercept-store.ts";

/** Checks the store that a function of this module wraps. @throws {WorkflowError} INVALID_ARGUMENT */
export function checkStore(call: string, store: unknown): void {
  const methods = Object.keys(STORE_METHODS) as StoreMethod[];
  const given = store as Partial<Record<StoreMethod, unknown>> | null | undefined;
  if (methods.every((method) => typeof given?.[method] === "function")) return;
  throw new WorkflowError("INVALID_ARGUMENT", `${call}: store: ${mustBe("a CheckpointStore", store)}.`);
}
