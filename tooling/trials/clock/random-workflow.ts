import type { RunOptions, WorkflowDefinition, WorkflowNode } from "@waymark/core";
import { HANDLES, randomEdges } from "../random-edges.ts";

/** The behaviour of a node of a random workflow, as its `data`. */
export interface Behaviour extends Record<string, unknown> {
  /** The duration of an attempt, in milliseconds. */
  takesMs: number;
  /** The number of attempts that fail before one succeeds. */
  failures: number;
  /** The wait that a failed attempt asks for (RetryAfterError), in milliseconds. */
  retryAfterMs?: number;
  /** True if the node first waits for an answer. */
  suspends: boolean;
  /** The handles that it takes. */
  handles?: string[];
  /** True if the node returns only its changes, as a patch. */
  patches: boolean;
}

/** A workflow, and the limits of its runs. */
export interface RandomPlan {
  definition: WorkflowDefinition;
  durability: "sync" | "async";
  /** The limits of the first runs, in their order. */
  limits: Pick<RunOptions, "budgetMs" | "timeoutMs">[];
  /** True if each run uses a new engine, which knows nothing of the runs before. */
  forgets: boolean;
}

export const HOUR_MS = 3_600_000;
const MAX_NODES = 10;

/** Durations of a trial, in milliseconds. */
export interface Durations {
  short: number;
  /** Long enough for renewals of the lease, if the trial advances the time itself. */
  long: number;
  backoff: number;
  budgets: readonly number[];
}

/**
 * Makes a workflow without loops: with roots, joins, routes, retries, backoff, long nodes, waits for answers, and
 * limits.
 */
export function randomPlan(random: () => number, id: string, durations: Durations): RandomPlan {
  const below = (limit: number) => Math.floor(random() * limit);
  const chance = (probability: number) => random() < probability;
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  const size = 1 + below(MAX_NODES);

  const node = (index: number): WorkflowNode => {
    const data: Behaviour = {
      takesMs: chance(0.15) ? durations.long : chance(0.6) ? below(durations.short + 1) : 0,
      failures: chance(0.3) ? 1 + below(3) : 0,
      suspends: chance(0.15),
      patches: chance(0.5),
    };
    if (chance(0.1)) data.retryAfterMs = durations.backoff * 3;
    if (chance(0.3)) data.handles = HANDLES.filter(() => chance(0.6));
    const made: WorkflowNode = { id: `n${index}`, data };
    if (chance(0.3)) made.retry = { maxAttempts: 1 + below(3), backoffMs: below(durations.backoff + 1) };
    if (chance(0.2)) made.timeoutMs = HOUR_MS;
    return made;
  };
  const nodes = Array.from({ length: size }, (_, index) => node(index));
  const edges = randomEdges(random, size);
  const limit = () => ({
    ...(chance(0.4) ? { budgetMs: pick(durations.budgets) } : {}),
    ...(chance(0.4) ? { timeoutMs: HOUR_MS } : {}),
  });
  return {
    definition: { id, nodes, edges },
    durability: chance(0.25) ? "async" : "sync",
    limits: [limit(), limit(), limit()],
    forgets: chance(0.5),
  };
}
