import { WorkflowError } from "../errors.ts";
import { mustBe } from "../given.ts";
import type {
  ExecutorName,
  RolloutOutcome,
  RolloutReason,
  RunOutcome,
  ShadowDifference,
  ShadowOutcome,
  StopOutcome,
} from "./outcomes.ts";
import { readableOutcome } from "./readable-outcome.ts";
import { count, type RunSummary, RunTotals } from "./run-summary.ts";

/** The most examples, callers, users and stops that a report lists. */
const MAX_LISTED = 20;

/** The comparisons of V2 with recorded runs. */
export interface ShadowSummary {
  equal: number;
  different: number;
  /** The recordings that were not compared, by the reason. */
  skipped: Record<string, number>;
  /** The places that differ by nature, and the comparisons that found them. */
  varying: Record<string, number>;
  /** The differences, the most frequent first, up to 20: each with how often it came and its latest example. */
  mismatches: (ShadowDifference & { workflowId: string; count: number; at: string })[];
}

/** The runs and comparisons of one workflow, summed up. */
export interface WorkflowSummary extends Partial<Record<ExecutorName, RunSummary>> {
  workflowId: string;
  shadow: ShadowSummary;
}

/** The result of {@link report}. JSON. */
export interface RolloutReport {
  /** The times of the first and the last outcome. */
  from?: string;
  to?: string;
  /** All runs, by executor. */
  v1: RunSummary;
  v2: RunSummary;
  shadow: ShadowSummary;
  /** By the id. */
  workflows: WorkflowSummary[];
  /** The calls that V1 has served or that went past the rollout: what is left to do before V1 can go. */
  v1Callers: {
    reasons: Partial<Record<RolloutReason, number>>;
    /** By the number of calls, up to 20. */
    workflows: { workflowId: string; calls: number }[];
    users: { userId: string; calls: number }[];
    /** Calls beside the rollout, as far as they were reported: see `DirectOutcome`. */
    direct: { caller: string; calls: number }[];
  };
  /** The latest stops, up to 20. */
  stops: StopOutcome[];
  /** The values that are no outcomes. */
  unreadable: number;
  /** The outcomes of which a part could not be read, and was left out. */
  partlyUnreadable: number;
}

/**
 * Adds up the outcomes of a rollout, from any number of processes, in any order.
 *
 * - Pure: it reads the outcomes once, and changes nothing. A value that is no outcome is only counted, and so is an
 *   outcome with a part that cannot be read, beside what it has.
 * - Takes outcomes as they come back from storage: null for what is absent, texts for numbers, a Date for a time.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT if they are no iterable
 *
 * @example
 * ```ts
 * const summary = report(rows.map(({ outcome }) => outcome));
 * console.log(formatRolloutReport(summary));
 * ```
 */
export function report(outcomes: Iterable<RolloutOutcome>): RolloutReport {
  if (typeof outcomes !== "object" || outcomes === null || !(Symbol.iterator in outcomes)) {
    const problem = mustBe("an iterable, such as an array", outcomes);
    throw new WorkflowError("INVALID_ARGUMENT", `report: outcomes: ${problem}.`);
  }
  const totals = { v1: new RunTotals(), v2: new RunTotals() };
  const shadow = new ShadowTotals();
  const workflows = new Map<string, WorkflowTotals>();
  const callers = new CallerTotals();
  const stops: StopOutcome[] = [];
  let [unreadable, partlyUnreadable] = [0, 0];
  let [from, to]: (string | undefined)[] = [];
  const workflow = (id: string): WorkflowTotals => {
    const found = workflows.get(id) ?? { shadow: new ShadowTotals() };
    workflows.set(id, found);
    return found;
  };
  for (const given of outcomes) {
    const readable = readableOutcome(given);
    if (readable === undefined) {
      unreadable += 1;
      continue;
    }
    const { outcome, isWhole } = readable;
    if (!isWhole) partlyUnreadable += 1;
    if (outcome.at !== "" && (from === undefined || outcome.at < from)) from = outcome.at;
    if (outcome.at !== "" && (to === undefined || outcome.at > to)) to = outcome.at;
    if (outcome.kind === "run") {
      const { executor } = outcome;
      const its = workflow(outcome.workflowId);
      its[executor] ??= new RunTotals();
      its[executor].add(outcome);
      totals[executor].add(outcome);
      if (executor === "v1") callers.add(outcome);
    } else if (outcome.kind === "shadow") {
      workflow(outcome.workflowId).shadow.add(outcome);
      shadow.add(outcome);
    } else if (outcome.kind === "direct") {
      callers.addDirect(outcome.caller);
    } else stops.push(outcome);
  }
  return {
    ...(from === undefined || to === undefined ? {} : { from, to }),
    v1: totals.v1.summary,
    v2: totals.v2.summary,
    shadow: shadow.summary,
    workflows: [...workflows]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([workflowId, { v1, v2, shadow: compared }]) => ({
        workflowId,
        ...(v1 === undefined ? {} : { v1: v1.summary }),
        ...(v2 === undefined ? {} : { v2: v2.summary }),
        shadow: compared.summary,
      })),
    v1Callers: callers.summary,
    stops: stops.sort((a, b) => (a.at < b.at ? 1 : -1)).slice(0, MAX_LISTED),
    ...{ unreadable, partlyUnreadable },
  };
}

interface WorkflowTotals extends Partial<Record<ExecutorName, RunTotals>> {
  shadow: ShadowTotals;
}

class ShadowTotals {
  readonly #skipped = new Map<string, number>();
  readonly #varying = new Map<string, number>();
  readonly #mismatches = new Map<string, ShadowSummary["mismatches"][number]>();
  #equal = 0;
  #different = 0;

  add({ result, reason, difference, varying = [], workflowId, at }: ShadowOutcome): void {
    for (const path of varying) count(this.#varying, path);
    if (result === "equal") this.#equal += 1;
    else if (result === "skipped") count(this.#skipped, reason ?? "unknown");
    else {
      this.#different += 1;
      if (difference === undefined) return;
      const { kind, nodeId, path } = difference;
      const place = JSON.stringify([workflowId, kind, nodeId, path]);
      const known = this.#mismatches.get(place);
      const latest = known !== undefined && known.at > at ? known : { ...difference, workflowId, at };
      this.#mismatches.set(place, { ...latest, count: (known?.count ?? 0) + 1 });
    }
  }

  get summary(): ShadowSummary {
    const mismatches = [...this.#mismatches.values()].sort((a, b) => b.count - a.count).slice(0, MAX_LISTED);
    return {
      ...{ equal: this.#equal, different: this.#different, mismatches },
      skipped: Object.fromEntries(this.#skipped),
      varying: Object.fromEntries(this.#varying),
    };
  }
}

class CallerTotals {
  readonly #reasons = new Map<RolloutReason, number>();
  readonly #workflows = new Map<string, number>();
  readonly #users = new Map<string, number>();
  readonly #direct = new Map<string, number>();

  add({ reason, workflowId, userId }: RunOutcome): void {
    count(this.#reasons, reason);
    count(this.#workflows, workflowId);
    if (userId !== undefined) count(this.#users, userId);
  }

  addDirect(caller: string): void {
    count(this.#direct, caller);
  }

  get summary(): RolloutReport["v1Callers"] {
    return {
      reasons: Object.fromEntries(this.#reasons),
      workflows: mostFrequent(this.#workflows).map(([workflowId, calls]) => ({ workflowId, calls })),
      users: mostFrequent(this.#users).map(([userId, calls]) => ({ userId, calls })),
      direct: mostFrequent(this.#direct).map(([caller, calls]) => ({ caller, calls })),
    };
  }
}

function mostFrequent(counts: ReadonlyMap<string, number>): [string, number][] {
  return [...counts].sort(([, a], [, b]) => b - a).slice(0, MAX_LISTED);
}
