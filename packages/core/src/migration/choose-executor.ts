import type { EngineInternals } from "../engine/engine-internals.ts";
import { WorkflowError } from "../errors.ts";
import { checkId } from "../store/checks.ts";
import { isServedByV1 } from "./fence.ts";
import { failureOf } from "./outcome-failure.ts";
import type { ExecutorName, OutcomeFailure, RolloutReason } from "./outcomes.ts";
import { type CheckedRollout, isPercent } from "./rollout-options.ts";
import { stickyPercent } from "./sticky-percent.ts";
import type { V1Call } from "./v1-shape.ts";
import { withinTime } from "./within-time.ts";

/** The longest wait for a flag service, a key or an answer of the store, in milliseconds. */
const DECISION_MS = { flag: 1_000, store: 2_000 };

/** The executor of a call. */
export interface Choice {
  executor: ExecutorName;
  reason: RolloutReason;
  key?: string;
  /** The id that the caller's function named. */
  executionId?: string;
  because?: OutcomeFailure;
  /** The store could not tell whether the execution exists. */
  lookupError?: unknown;
}

/**
 * Chooses the executor of a call. Never throws.
 *
 * - An execution that an earlier call has begun is continued, whatever the percentage is by now.
 */
export async function chooseExecutor<Call extends V1Call>(
  options: CheckedRollout<Call>,
  call: Call,
  isStopped: () => boolean,
): Promise<Choice> {
  const named: Pick<Choice, "executionId" | "lookupError"> = {};
  try {
    const executionId = options.executionId?.(call);
    if (executionId !== undefined) {
      checkId(executionId, "executionId");
      named.executionId = executionId;
    }
  } catch (error) {
    return { executor: "v1", reason: "undecided", because: failureOf(error) };
  }
  if (named.executionId !== undefined) {
    try {
      const head = await readHeadSoon(options.v2, named.executionId);
      if (head?.workflowId === call.workflowId && head.userId === call.userId) {
        if (isServedByV1(head)) return { ...named, executor: "v1", reason: "fallback" };
        return { ...named, executor: "v2", reason: "continued" };
      }
    } catch (error) {
      named.lookupError = error;
    }
  }
  if (isStopped()) return { ...named, executor: "v1", reason: "stopped" };
  const override = overrideOf(options.overrides, call);
  if (override !== undefined) return { ...named, executor: override, reason: "override" };
  try {
    const key = await keyOf(options, call);
    const percent = await percentOf(options, call);
    // Asked again: it may have stopped during these calls.
    if (isStopped()) return { ...named, key, executor: "v1", reason: "stopped" };
    return { ...named, key, executor: stickyPercent(key) < percent ? "v2" : "v1", reason: "percent" };
  } catch (error) {
    return { ...named, executor: "v1", reason: "undecided", because: failureOf(error) };
  }
}

/**
 * Reads a head, with one try and a short patience.
 *
 * @throws {WorkflowError} STORE_UNAVAILABLE, and whatever else the store throws
 */
export function readHeadSoon({ surroundings: { bareStore, clock } }: EngineInternals, executionId: string) {
  const ms = DECISION_MS.store;
  const late = () => new WorkflowError("STORE_UNAVAILABLE", `The store has not answered within ${ms} ms.`);
  return withinTime({ clock, ms, late }, () => bareStore.getExecution(executionId));
}

function overrideOf<Call extends V1Call>(
  overrides: CheckedRollout<Call>["overrides"],
  { workflowId, userId }: Call,
): ExecutorName | undefined {
  const { users = {}, workflows = {} } = overrides ?? {};
  if (Object.hasOwn(users, userId)) return users[userId];
  return Object.hasOwn(workflows, workflowId) ? workflows[workflowId] : undefined;
}

async function keyOf<Call extends V1Call>({ by = "workflow", v2 }: CheckedRollout<Call>, call: Call): Promise<string> {
  if (by === "workflow") return String(call.workflowId);
  if (by === "user") return String(call.userId);
  const key: unknown = await withinFlagTime(v2, "by", () => by(call));
  if (typeof key === "string" && key !== "") return key;
  throw new TypeError(`by returned no key, but ${key === "" ? "an empty text" : `a value of type ${typeof key}`}`);
}

async function percentOf<Call extends V1Call>({ percent, v2 }: CheckedRollout<Call>, call: Call): Promise<number> {
  if (typeof percent === "number") return percent;
  const found: unknown = await withinFlagTime(v2, "percent", () => percent(call));
  if (isPercent(found)) return found;
  const what = typeof found === "number" ? String(found) : `a value of type ${typeof found}`;
  throw new RangeError(`percent returned ${what}, and not a number of 0 to 100`);
}

function withinFlagTime<T>({ surroundings: { clock } }: EngineInternals, name: string, work: () => T | Promise<T>) {
  const ms = DECISION_MS.flag;
  return withinTime({ clock, ms, late: () => new Error(`${name} took longer than ${ms} ms`) }, work);
}
