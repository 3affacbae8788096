import { isClass, isThenable, mustBe } from "../given.ts";
import type { Check } from "../option.ts";
import type { CheckpointStore } from "../store/checkpoint-store.ts";
import { STORE_METHODS, type StoreMethod } from "../store/intercept-store.ts";
import { interfaceProblem } from "../store/store-interface.ts";
import { listed } from "../text.ts";

const MAKE = "new MemoryCheckpointStore(), or await PostgresCheckpointStore.connect(…)";

/** A store, with all the methods that this version of the engine calls. */
export const storeOption: Check = (value) => {
  const methods = Object.keys(STORE_METHODS) as StoreMethod[];
  const given = value as Partial<CheckpointStore> | null | undefined;
  const missing = methods.filter((method) => typeof given?.[method] !== "function");
  if (missing.length < methods.length) {
    const problem = interfaceProblem(value);
    if (problem !== undefined) return problem;
  }
  if (missing.length === 0) return undefined;
  if (missing.length < methods.length) {
    return `must be a CheckpointStore, but has no ${listed(missing, 3)} (is it of another version than @waymark/core?)`;
  }
  if (isThenable(value)) return "must be a CheckpointStore, not a Promise of one: write await …connect(…)";
  const problem = mustBe("a CheckpointStore", value);
  if (!isClass(value)) return `${problem} (${MAKE})`;
  return `${problem}: make one by new ${value.name}(…) or await ${value.name}.connect(…)`;
};
