import type { DeclaredOutputs } from "../definition/graph.ts";
import type { StoredDefinition } from "../definition/hash.ts";
import { isHashOf } from "../definition/is-hash-of.ts";
import { parseDefinition } from "../definition/parse-definition.ts";
import type { WorkflowDefinition } from "../definition/schema.ts";
import { isWorkflowError, WorkflowError } from "../errors.ts";
import { quoted } from "../text.ts";

/** A definition that a store kept. */
export interface KeptDefinition {
  definition: WorkflowDefinition;
  /** What its node types declared when it was kept. */
  outputs: DeclaredOutputs;
}

/** Reads a definition that a store kept, and trusts none of it. */
export function readKept(hash: string, json: unknown): KeptDefinition {
  if (typeof json !== "string" || !isIntact(hash, json)) throw corruptDefinition(hash, "not the one that was saved");
  const stored = JSON.parse(json) as StoredDefinition;
  return { definition: parseDefinition(stored), outputs: new Map(Object.entries(stored.outputs ?? {})) };
}

function isIntact(hash: string, json: string): boolean {
  try {
    return isHashOf(hash, json);
  } catch (error) {
    if (isWorkflowError(error, "STATE_VERSION_UNSUPPORTED")) throw error;
    return false;
  }
}

export function corruptDefinition(hash: string, problem: string): WorkflowError {
  return new WorkflowError("STATE_CORRUPT", `The definition that the store has under ${quoted(hash)} is ${problem}.`, {
    details: { definitionHash: hash },
  });
}
