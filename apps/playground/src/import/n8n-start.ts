import { WorkflowError } from "@waymark/core";
import { listed, quoted } from "@waymark/core/store";
import type { Dropped } from "./dropped.ts";
import type { N8nNode } from "./n8n-export.ts";

/**
 * Chooses the node that a run starts at: in n8n, exactly one trigger fires.
 *
 * - `wanted` names it. Otherwise it is the first enabled trigger that leads anywhere, else the first enabled trigger.
 * - Returns `undefined` if there is no trigger. Then a run starts at all nodes that no connection leads to.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT if `wanted` names no node that can start
 */
export function chooseStart(
  steps: readonly N8nNode[],
  { wanted, skipped, idOf, leadsOn }: StartOptions,
  dropped: Dropped,
): N8nNode | undefined {
  const triggers = steps.filter((node) => node.isTrigger && !node.disabled);
  if (wanted !== undefined) {
    const found = steps.find((node) => idOf(node) === wanted || node.name === wanted);
    if (found !== undefined && !found.disabled && !skipped.has(found)) return found;
    const isThere = found?.disabled ? "is disabled" : "comes after disabled nodes only";
    const names = triggers.length === 0 ? "There is no trigger" : `The triggers are ${listed(triggers.map(idOf))}`;
    const reason = found === undefined ? "is not there" : isThere;
    throw new WorkflowError("INVALID_ARGUMENT", `--start: node ${quoted(wanted)} ${reason}. ${names}.`);
  }
  const start = triggers.find(leadsOn) ?? triggers[0];
  const others = triggers.filter((trigger) => trigger !== start).map(idOf);
  if (start !== undefined && others.length > 0) {
    const named = `${quoted(idOf(start))}. --start names another: ${listed(others)}`;
    dropped.say(`one trigger starts a run, as in n8n: here it is ${named}`);
  }
  return start;
}

interface StartOptions {
  wanted: string | undefined;
  /** The nodes that no run reaches. */
  skipped: ReadonlySet<N8nNode>;
  idOf: (node: N8nNode) => string;
  /** True if connections lead from the node to others. */
  leadsOn: (node: N8nNode) => boolean;
}
