import type { RunOptions, WorkflowDefinition, WorkflowNode } from "@waymark/core";

/** What a node of a random workflow does, as its `data`. */
export interface Behaviour extends Record<string, unknown> {
  /** How long an attempt takes, in milliseconds. */
  takesMs: number;
  /** So many first attempts fail. */
  failures: number;
  /** A failure names its own wait. */
  retryAfterMs?: number;
  /** It waits for an answer first. */
  suspends: boolean;
  /** The handles that it takes. */
  handles?: string[];
  /** It gives back only what it has changed. */
  patches: boolean;
}

/** A workflow, and the limits of its runs. */
export interface RandomPlan {
  definition: WorkflowDefinition;
  durability: "sync" | "async";
  /** Of the first run, and of every later one. */
  limits: Pick<RunOptions, "budgetMs" | "timeoutMs">[];
  /** Every run is made by an engine that knows nothing of the ones before. */
  forgets: boolean;
}

export const HOUR_MS = 3_600_000;
const HANDLES = ["true", "false"];
const MAX_NODES = 10;

/** Durations of a trial, in milliseconds. */
export interface Durations {
  short: number;
  /** Needs renewals of the lease, if time is moved by hand. */
  long: number;
  backoff: number;
  budgets: readonly number[];
}

/** A workflow without loops: roots, joins, routes, retries with backoff, long nodes, waits for answers, limits. */
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
  const edges = Array.from({ length: below(size * 2) }, () => ({ source: below(size), target: below(size) }))
    .filter(({ source, target }) => source < target)
    .map(({ source, target }) => ({
      source: `n${source}`,
      target: `n${target}`,
      ...(chance(0.4) ? { sourceHandle: pick(HANDLES) } : {}),
    }));
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
