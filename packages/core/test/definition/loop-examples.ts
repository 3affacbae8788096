import { readFileSync } from "node:fs";
import type { Handles } from "../../src/definition/outputs.ts";
import type { WorkflowDefinition } from "../../src/index.ts";

/** A workflow with loops, and what becomes of it. */
export interface LoopExample {
  name: string;
  /** `a->b`, or `a:handle->b`. */
  graph: string;
  /** In the order of their definition. */
  nodes: string[];
  disabled?: string[];
  startAt?: string[];
  /** By node: what each of its visits takes. A list names several handles; `null`: no edge at all. */
  answers: Record<string, (string | string[] | null)[]>;
  /** The node runs in their order: `a2` is the second run of node `a`. */
  runs?: string[];
  /** After each run: `currentStep/totalSteps`. */
  progress?: string[];
  skipped?: string[];
  error?: string;
  entries?: string[];
}

/** The worked examples: each shows one rule of loops. */
export const LOOP_EXAMPLES = JSON.parse(
  readFileSync(new URL("loop-examples.json", import.meta.url), "utf8"),
) as LoopExample[];

/** The example's workflow. */
export function definitionOf({ graph, nodes, disabled = [] }: LoopExample): WorkflowDefinition {
  return {
    id: "example",
    nodes: nodes.map((id) => (disabled.includes(id) ? { id, disabled: true } : { id })),
    edges: graph.split(" ").map((edge) => {
      const [, source = "", sourceHandle, target = ""] = /^([^:-]+)(?::([^-]+))?->(.+)$/.exec(edge) ?? [];
      return sourceHandle === undefined ? { source, target } : { source, target, sourceHandle };
    }),
  };
}

/** What a visit of a node takes. A node without answers takes all its edges. */
export function answerOf({ answers }: LoopExample, nodeId: string, visit: number): Handles {
  const answer = answers[nodeId]?.[visit - 1];
  return typeof answer === "string" ? [answer] : answer;
}

/** The name of a node run in the examples. */
export function runName(nodeId: string, visit: number): string {
  return visit === 1 ? nodeId : `${nodeId}${visit}`;
}
