import type { ChaosPlan, ChaosWait } from "./chaos-workflow.ts";

/** All that the execution of a plan may come to, whatever is done to the processes that run it. */
export interface Expected {
  /** The value of each node that runs, unless the execution ends before. */
  values: ReadonlyMap<string, number>;
  mayComplete: boolean;
  mayBeCancelled: boolean;
  /** The failures that it may end with; without `nodeId`, at any node. */
  failures: readonly { nodeId?: string; code: string }[];
}

/** What the answer to a node's wait adds to its value. */
export function answerValue({ weight }: { weight: number }, wait: number): number {
  return weight * (wait + 2);
}

/** Whether the answer to a wait counts: one that may also run out of time must not change the value. */
export function addsAnswer({ forMs, isAnswered }: ChaosWait): boolean {
  return isAnswered && forMs === undefined;
}

/** A model of the executor and of the engine's order: nodes by number, since edges only lead from lower to higher ones. */
export function expected(plan: ChaosPlan): Expected {
  const { definition, nodes, cancelAfterMs, deadlineMs } = plan;
  const values = new Map<string, number>();
  const failures: { nodeId?: string; code: string }[] = [];
  const failing = new Set<string>();
  let mayComplete = true;
  for (const [index, node] of nodes.entries()) {
    const nodeId = `n${index}`;
    const incoming = definition.edges.filter(({ target }) => target === nodeId);
    const isTaken = incoming.some(({ source, sourceHandle }) => {
      const { handles } = nodes[Number(source.slice(1))] ?? {};
      const isChosen = sourceHandle == null || handles === undefined || handles.includes(sourceHandle);
      return values.has(source) && isChosen;
    });
    if (incoming.length > 0 && !isTaken) continue;
    if (node.failsForGood !== undefined) failing.add(nodeId);
    const waitsForEver = node.waits.some(({ forMs, isAnswered }) => forMs === undefined && !isAnswered);
    if (waitsForEver || node.failsForGood !== undefined) {
      mayComplete = false;
      continue;
    }
    if (definition.nodes[index]?.retry?.onCrash === "fail") failures.push({ nodeId, code: "NODE_CRASHED" });
    const own = node.waits.map((wait, number) => (addsAnswer(wait) ? answerValue(node, number) : 0));
    const before = node.inputs.map((input) => values.get(input) ?? 0);
    values.set(
      nodeId,
      [...own, ...before].reduce((sum, value) => sum + value, node.weight),
    );
  }
  for (const nodeId of failing) failures.push({ nodeId, code: "NODE_FAILED" });
  if (deadlineMs !== undefined) failures.push({ code: "EXECUTION_TIMEOUT" });
  return { values, mayComplete, mayBeCancelled: cancelAfterMs !== undefined, failures };
}
