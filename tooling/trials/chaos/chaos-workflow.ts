import type { RetryPolicy, WorkflowDefinition, WorkflowEdge, WorkflowNode } from "@waymark/core";
import { seededRandom } from "../plan.ts";
import { HANDLES, randomEdges } from "../random-edges.ts";
import {
  CHILDREN,
  type ChaosStart,
  childId,
  childNumber,
  ENDLESS_CHILD,
  failuresOf,
  GIVEN,
  ITEMS,
  isLate,
  LATE_TYPE,
  startType,
} from "./chaos-children.ts";
import { withLoop } from "./chaos-loops.ts";

/** A wait of a node: for a time, for an answer, or for whichever comes first. With neither, it waits for ever. */
export interface ChaosWait {
  forMs?: number;
  isAnswered: boolean;
}

/** What a node of a random workflow does, as its `data`. */
export interface ChaosNode extends Record<string, unknown> {
  /** The nodes whose values it adds to its own, if they have run. */
  inputs: readonly string[];
  weight: number;
  takesMs: number;
  /** Attempts up to this number fail. */
  failures: number;
  /** Every attempt fails: until the policy allows no other one, or with an error that forbids it. */
  failsForGood?: "every attempt" | "not retryable";
  waits: readonly ChaosWait[];
  handles?: readonly string[];
  /** It returns only what it has changed. */
  patches: boolean;
  /** It kills its process. */
  kills?: true;
  /** It is the entry of a loop with so many rounds. */
  rounds?: number;
  /** It fails for good in a child that was given this. */
  failsFor?: number;
  /** It starts other executions, and does nothing else. */
  starts?: ChaosStart;
  /** It is of a type that workers of the version before do not know. */
  isLate?: true;
}

/** One execution of a chaos trial: a workflow of its own, and what is done to it. */
export interface ChaosPlan {
  number: number;
  /** Also the workflow's. */
  executionId: string;
  definition: WorkflowDefinition;
  nodes: readonly ChaosNode[];
  /** It is cancelled so many milliseconds after it was asked for. */
  cancelAfterMs?: number;
  /** The cancel also waits until it has children, which wait for ever. */
  isCut: boolean;
  deadlineMs?: number;
  /** Two workers begin it, each with `executeWorkflow`; else it is started for a recovery to run. */
  isExecuted: boolean;
  /** A fork of it is made once it has completed. */
  isForked: boolean;
}

/*
 * A plan is made of shapes: the random graph, and what is put on it, such as a loop or nodes that start others. A further
 * shape is a file like chaos-loops.ts that adds nodes and edges here, fields to `ChaosNode` that chaos-executor.ts obeys,
 * and a rule in chaos-model.ts of what comes of them.
 */

const MAX_NODES = 9;
const ID = /^chaos-(\d+)-(\d+)$/;

/** The id of the plan of {@link runDeadlyTrial}: a workflow of one node that kills its process. */
export const DEADLY_ID = "deadly";

const DEADLY_NODE: ChaosNode = {
  ...{ inputs: [], weight: 1, takesMs: 0, failures: 0, waits: [], patches: true },
  kills: true,
};
const DEADLY_PLAN: ChaosPlan = {
  ...{ number: 0, executionId: DEADLY_ID, nodes: [DEADLY_NODE], isCut: false, isExecuted: false, isForked: false },
  definition: { id: DEADLY_ID, nodes: [{ id: "n0", data: DEADLY_NODE }], edges: [] },
};

/** Returns the plan that an id names, which every process knows without being told; `undefined` for other ids. */
export function planOf(executionId: string): ChaosPlan | undefined {
  if (executionId === DEADLY_ID) return DEADLY_PLAN;
  const child = childNumber(executionId);
  if (child !== undefined) return childPlan(child);
  const [, seed, number] = ID.exec(executionId) ?? [];
  return seed === undefined || number === undefined ? undefined : chaosPlan(Number(seed), Number(number));
}

/** The plan of the execution of a number: branches, joins, retries, waits, failures, cancels and deadlines, by a seed. */
export function chaosPlan(seed: number, number: number): ChaosPlan {
  const random = seededRandom(seed * 1_000_003 + number);
  const chance = (probability: number) => random() < probability;
  const executionId = `chaos-${seed}-${number}`;
  const size = 1 + Math.floor(random() * MAX_NODES);
  const edges = randomEdges(random, size);
  const drawn = random();
  // So that also a short trial cancels executions whose children are under way.
  const isCut = number % 8 === 5;
  const fate = isCut ? 0 : drawn;
  // What waits for ever ends by its cancel or its deadline, and nothing else may end it.
  const waitsForEver = fate < 0.06;
  const mayFail = !waitsForEver && chance(0.25);
  const steps = Array.from({ length: size }, (_, index) => {
    const inputs = [...new Set(edges.filter(({ target }) => target === `n${index}`).map(({ source }) => source))];
    return chaosNode(random, { index, inputs, mayFail });
  });
  const routed = edges.map((edge) =>
    steps[Number(edge.source.slice(1))]?.onError === "route" && chance(0.4) ? { ...edge, sourceHandle: "error" } : edge,
  );
  const looped = chance(0.3) ? addLoop(random, steps, routed) : routed;
  for (const step of steps) {
    const { data, retry } = step;
    if (data.rounds === undefined && retry?.onCrash === undefined && chance(0.2)) startChildren(random, step);
  }
  const kind = isCut && chance(0.5) ? "map" : "sub";
  if (waitsForEver && (isCut || chance(0.4))) startChild(steps[0] as Step, { kind, child: ENDLESS_CHILD });
  else if (waitsForEver) steps[0] = { ...(steps[0] as Step), data: endless((steps[0] as Step).data), retry: undefined };
  return {
    number,
    executionId,
    definition: { id: executionId, nodes: steps.map(nodeOf), edges: looped },
    nodes: steps.map(({ data }) => data),
    isCut,
    isExecuted: chance(0.2),
    isForked: chance(0.1),
    ...(fate < 0.03 || (fate >= 0.06 && fate < 0.12) ? { cancelAfterMs: Math.floor(random() * 1_500) } : {}),
    ...(fate >= 0.03 && fate < 0.06 ? { deadlineMs: 500 + Math.floor(random() * 1_000) } : {}),
  };
}

/** The plan of a workflow that nodes start: small, and it may start those with a lower number. */
function childPlan(number: number): ChaosPlan {
  const random = seededRandom(7_919 * (number + 1));
  const size = number === ENDLESS_CHILD ? 1 : 1 + Math.floor(random() * 3);
  const edges = randomEdges(random, size);
  const steps = Array.from({ length: size }, (_, index) => {
    const inputs = [...new Set(edges.filter(({ target }) => target === `n${index}`).map(({ source }) => source))];
    const step = chaosNode(random, { index, inputs: [...inputs, GIVEN], mayFail: number % 4 === 1 });
    if (step.retry?.onCrash !== undefined) step.retry = undefined;
    if (random() < 0.3) step.data.failsFor = ITEMS[Math.floor(random() * ITEMS.length)] as number;
    // The item of a map is all that its children have, so they have no list for maps.
    if (number > CHILDREN / 2 && random() < 0.3)
      startChild(step, { kind: "sub", child: 1 + (number % (CHILDREN / 2 - 1)) });
    return step;
  });
  const own = steps.filter(({ data }) => data.starts === undefined);
  const [first] = own;
  if (failuresOf(number) > 0 && first !== undefined) failNow(first, failuresOf(number));
  const last = own.at(-1);
  if (isLate(number) && last !== undefined) last.data.isLate = true;
  if (number === ENDLESS_CHILD)
    steps[0] = { ...(steps[0] as Step), data: endless((steps[0] as Step).data), retry: undefined };
  const executionId = childId(number);
  return {
    ...{ number, executionId, isCut: false, isExecuted: false, isForked: false },
    definition: { id: executionId, nodes: steps.map(nodeOf), edges },
    nodes: steps.map(({ data }) => data),
  };
}

/** Makes a step start one of the workflows. */
function startChildren(random: () => number, step: Step): void {
  const kind = (["sub", "sub", "map", "collect"] as const)[Math.floor(random() * 4)] as ChaosStart["kind"];
  const child = 1 + Math.floor(random() * (CHILDREN - 1));
  // Whether a failure that would pass is collected depends on what crashes.
  startChild(step, { kind: kind === "collect" && failuresOf(child) > 0 ? "map" : kind, child });
}

/** Makes a step fail its execution so many times. */
function failNow(step: Step, failures: number): void {
  const { failsForGood: _failsForGood, ...data } = step.data;
  delete step.onError;
  step.data = { ...data, failures };
  step.retry = { maxAttempts: 1 };
}

function startChild(step: Step, starts: ChaosStart): void {
  const { inputs, weight, handles } = step.data;
  const failures = failuresOf(starts.child) * (starts.kind === "sub" ? 1 : ITEMS.length);
  // No attempt more than it takes, so that a failure that counts twice is seen.
  if (failures > 0) step.retry = { ...step.retry, maxAttempts: 1 + failures, backoffFactor: 1 };
  step.data = {
    ...{ inputs, weight, takesMs: 0, failures: 0, waits: [], patches: true, starts },
    // A map has no output to choose.
    ...(starts.kind === "sub" && handles !== undefined ? { handles } : {}),
  };
}

interface Step {
  index: number;
  data: ChaosNode;
  retry: RetryPolicy | undefined;
  onError?: WorkflowNode["onError"];
}

function nodeOf({ index, data, retry, onError }: Step): WorkflowNode {
  const { starts, isLate } = data;
  return {
    id: `n${index}`,
    data,
    ...(starts && { type: startType(starts) }),
    ...(isLate && { type: LATE_TYPE }),
    ...(retry === undefined ? {} : { retry }),
    ...(onError && { onError }),
  };
}

/** Makes one of the steps the entry of a loop, perhaps with a further step in it. Returns the edges with the loop. */
function addLoop(random: () => number, steps: Step[], edges: WorkflowEdge[]): WorkflowEdge[] {
  // Nothing starts at a node that an edge leads back to.
  const entries = steps.filter(({ index }) => edges.some(({ target }) => target === `n${index}`));
  const entry = entries[Math.floor(random() * entries.length)];
  if (entry === undefined) return edges;
  const { failsForGood: _failsForGood, ...data } = entry.data;
  delete entry.onError;
  entry.data = { ...data, waits: [], rounds: 2 + Math.floor(random() * 3) };
  const body = random() < 0.6 ? chaosNode(random, { index: steps.length, inputs: [], mayFail: false }) : undefined;
  if (body !== undefined) {
    const { index, retry, data } = body;
    const { failsForGood: _failsForGood, ...kept } = data;
    steps.push({ index, retry, data: { ...kept, waits: [] } });
  }
  return withLoop(edges, { entry: `n${entry.index}`, body: body && `n${body.index}` });
}

function endless(node: ChaosNode): ChaosNode {
  const { failsForGood: _failsForGood, failsFor: _failsFor, starts: _starts, ...others } = node;
  return { ...others, failures: 0, waits: [{ isAnswered: false }] };
}

function chaosNode(
  random: () => number,
  { index, inputs, mayFail }: { index: number; inputs: readonly string[]; mayFail: boolean },
): Step {
  const below = (limit: number) => Math.floor(random() * limit);
  const chance = (probability: number) => random() < probability;
  const data: ChaosNode = {
    inputs,
    weight: 1 + below(1_000),
    takesMs: chance(0.05) ? 300 : below(30),
    failures: 0,
    waits: [],
    patches: chance(0.5),
  };
  if (chance(0.3)) data.handles = HANDLES.filter(() => chance(0.7));
  if (chance(0.06)) return { index, data, retry: { onCrash: "fail" } };
  if (chance(0.25)) data.waits = Array.from({ length: 1 + below(2) }, () => randomWait(random));
  const backoffMs = chance(0.1) ? 1_200 : 5 + below(100);
  const retry: RetryPolicy = { maxAttempts: 2 + below(3), backoffMs, jitter: 0.5 };
  if (chance(0.3)) data.failures = 1 + below((retry.maxAttempts ?? 2) - 1);
  if (mayFail && chance(0.2)) data.failsForGood = chance(0.5) ? "every attempt" : "not retryable";
  const policy = chance(0.15) ? (["continue", "route"] as const)[below(2)] : undefined;
  if (policy === undefined) return { index, data, retry };
  // So that half of these policies have something to decide.
  if (chance(0.5)) data.failsForGood = "not retryable";
  return { index, data, retry, onError: policy };
}

function randomWait(random: () => number): ChaosWait {
  const forMs = Math.floor(random() * 600);
  const kind = random();
  if (kind < 0.5) return { isAnswered: true };
  return { forMs, isAnswered: kind < 0.65 };
}
