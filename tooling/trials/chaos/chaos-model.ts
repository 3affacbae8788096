import { HANDLES } from "../random-edges.ts";
import { addInputs, type ChaosStart, childId, GIVEN, ITEMS } from "./chaos-children.ts";
import { AGAIN } from "./chaos-loops.ts";
import { type ChaosPlan, type ChaosWait, planOf } from "./chaos-workflow.ts";

/** All that the execution of a plan may come to, whatever is done to the processes that run it. */
export interface Expected {
  /** The value of each node that runs, unless the execution ends before. */
  values: ReadonlyMap<string, number>;
  /** The number of runs of each of these nodes. */
  visits: ReadonlyMap<string, number>;
  /** The nodes that fail, and over which the execution continues. */
  passedOver: ReadonlySet<string>;
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

/** Returns the handles that a node takes; `undefined` if it takes all its edges. */
function chosen(plan: ChaosPlan, index: number, isPassedOver: boolean): readonly string[] | undefined {
  const { definition, nodes } = plan;
  const { onError } = definition.nodes[index] ?? {};
  const { handles, rounds } = nodes[index] ?? {};
  if (!isPassedOver) return handles ?? (rounds !== undefined || onError === "route" ? HANDLES : undefined);
  if (onError === "route") return ["error"];
  const first = definition.edges.find(({ source, sourceHandle }) => source === `n${index}` && sourceHandle != null);
  return first?.sourceHandle == null ? undefined : [first.sourceHandle];
}

/**
 * A model of the executor and of the engine's order: nodes by number. Edges lead from lower to higher ones, but for those
 * back to the entry of a loop, which begin a round of it and nothing else. `given`: what a child gets.
 */
export function expected(plan: ChaosPlan, given?: number): Expected {
  const { definition, nodes, cancelAfterMs, deadlineMs } = plan;
  const values = new Map<string, number>();
  const failures: { nodeId?: string; code: string }[] = [];
  const failing = new Set<string>();
  const visits = new Map<string, number>();
  const passedOver = new Set<string>();
  let mayComplete = true;
  for (const [index, node] of nodes.entries()) {
    const nodeId = `n${index}`;
    const incoming = definition.edges.filter(({ source, target }) => target === nodeId && indexOf(source) < index);
    const isTaken = incoming.some(({ source, sourceHandle }) => {
      if (sourceHandle === AGAIN) return values.has(source);
      const handles = chosen(plan, indexOf(source), passedOver.has(source));
      // A node with this policy keeps its edges without a handle for results, too.
      const isForResults = passedOver.has(source) && definition.nodes[indexOf(source)]?.onError === "route";
      const isChosen = sourceHandle == null ? !isForResults : handles === undefined || handles.includes(sourceHandle);
      return (values.has(source) || passedOver.has(source)) && isChosen;
    });
    if (incoming.length > 0 && !isTaken) continue;
    const { onError = "fail" } = definition.nodes[index] ?? {};
    const sum = addInputs(node, { ...Object.fromEntries(values), [GIVEN]: given });
    const started = node.starts && startedBy(node.starts, sum);
    const fails = node.failsForGood !== undefined || (given !== undefined && node.failsFor === given);
    const isPassedOver = (fails || started?.end === "failed") && onError !== "fail";
    if (isPassedOver) {
      passedOver.add(nodeId);
      continue;
    }
    // A failure that passes fails its execution, too, until that is resumed, if the policy allows no attempt more.
    const isPassing = node.failures >= (definition.nodes[index]?.retry?.maxAttempts ?? 1);
    if (fails || isPassing) failing.add(nodeId);
    if (started?.end === "failed") failures.push({ nodeId, code: "CHILD_FAILED" });
    const waitsForEver = node.waits.some(({ forMs, isAnswered }) => forMs === undefined && !isAnswered);
    if (waitsForEver || fails || (started !== undefined && started.end !== "completed")) {
      mayComplete = false;
      continue;
    }
    if (definition.nodes[index]?.retry?.onCrash === "fail") failures.push({ nodeId, code: "NODE_CRASHED" });
    const own = node.waits.map((wait, number) => (addsAnswer(wait) ? answerValue(node, number) : 0));
    const entry = definition.edges.find(({ target, sourceHandle }) => target === nodeId && sourceHandle === AGAIN);
    const rounds = node.rounds ?? (entry === undefined ? 1 : (nodes[indexOf(entry.source)]?.rounds ?? 1) - 1);
    visits.set(nodeId, rounds);
    values.set(nodeId, started?.value ?? own.reduce((total, value) => total + value, sum));
  }
  for (const nodeId of failing) failures.push({ nodeId, code: "NODE_FAILED" });
  if (deadlineMs !== undefined) failures.push({ code: "EXECUTION_TIMEOUT" });
  return { values, visits, passedOver, mayComplete, mayBeCancelled: cancelAfterMs !== undefined, failures };
}

/** What comes of the executions that a node starts: how they end, and the value of the node if it completes. */
function startedBy({ kind, child }: ChaosStart, sum: number): { end: "completed" | "failed" | "waits"; value: number } {
  const plan = planOf(childId(child)) as ChaosPlan;
  const ends = (kind === "sub" ? [sum] : ITEMS).map((given) => expected(plan, given));
  const value = ends.flatMap(({ mayComplete, values }) => (mayComplete ? [...values.values()] : []));
  const isWaiting = ends.some(({ mayComplete, failures }) => !mayComplete && failures.length === 0);
  const hasFailed = kind !== "collect" && ends.some(({ mayComplete }) => !mayComplete);
  const failed = hasFailed ? ("failed" as const) : ("completed" as const);
  return { end: isWaiting ? "waits" : failed, value: value.reduce((total, each) => total + each, 0) };
}

function indexOf(nodeId: string): number {
  return Number(nodeId.slice(1));
}
