import type { EngineInternals } from "../engine/engine-internals.ts";
import { readProperty, WorkflowError } from "../errors.ts";
import { nameOf } from "../given.ts";
import { checkId } from "../store/checks.ts";
import { tell } from "../tell.ts";
import { isServedByV1 } from "./fence.ts";
import { idText } from "./id-text.ts";
import { failureOf } from "./outcome-failure.ts";
import type { ExecutorName, OutcomeFailure, RolloutReason } from "./outcomes.ts";
import { type CheckedRollout, isPercent } from "./rollout-options.ts";
import { stickyPercent } from "./sticky-percent.ts";
import type { StoreLookup } from "./store-lookup.ts";
import type { V1Call } from "./v1-shape.ts";
import { withinTime } from "./within-time.ts";

/** The longest wait for a flag service, a key or an answer of the application, in milliseconds. */
const DECISION_MS = 1_000;

/** The executor of a call. */
export interface Choice {
  executor: ExecutorName;
  reason: RolloutReason;
  key?: string;
  /** The id that the call or the caller's function named. */
  executionId?: string;
  because?: OutcomeFailure;
  /** The store could not tell whether the execution exists. */
  lookupError?: unknown;
  /** Lets the next call with the same id be decided. */
  endTurn?: () => void;
}

/** What a choice depends on, beside the call. */
export interface ChoiceParts<Call extends V1Call> {
  options: CheckedRollout<Call>;
  lookup: StoreLookup;
  isStopped: () => boolean;
  /** True for an id of a call that V1 has served in this process. */
  isServed: (executionId: string) => boolean;
  /** Waits for the other calls of this process with this id: until V1 serves them, or V2 has ended them. */
  takeTurn: (executionId: string) => Promise<() => void>;
}

/**
 * Chooses the executor of a call. Never throws.
 *
 * - An execution that an earlier call has begun is continued, whatever the percentage is by now.
 * - A call that V1 has served stays with V1, as far as that is known.
 */
export async function chooseExecutor<Call extends V1Call>(parts: ChoiceParts<Call>, call: Call): Promise<Choice> {
  const { options, lookup, isServed, takeTurn } = parts;
  const resumed = readProperty(call, "resumeFromExecutionId");
  if (typeof resumed === "string") return { executor: "v2", reason: "continued", executionId: resumed };
  const named: Pick<Choice, "executionId" | "lookupError" | "endTurn"> = {};
  try {
    const executionId = idOf(options, call);
    if (executionId !== undefined) named.executionId = executionId;
  } catch (error) {
    return { executor: "v1", reason: "undecided", because: failureOf(error) };
  }
  if (named.executionId === undefined) return chooseNew(parts, call);
  named.endTurn = await takeTurn(named.executionId);
  try {
    const head = await lookup.head(named.executionId);
    if (head?.workflowId === call.workflowId && head.userId === call.userId) {
      if (isServedByV1(head)) return { ...named, executor: "v1", reason: "fallback" };
      return { ...named, executor: "v2", reason: "continued" };
    }
  } catch (error) {
    named.lookupError = error;
  }
  if (isServed(named.executionId)) return { ...named, executor: "v1", reason: "served" };
  const choice = await chooseNew(parts, call);
  if (choice.executor === "v1" || options.servedByV1 === undefined) return { ...named, ...choice };
  try {
    const { servedByV1 } = options;
    const answer: unknown = await withinFlagTime(options.v2, "servedByV1", () => servedByV1(call));
    if (answer === false) return { ...named, ...choice };
    if (answer !== true) throw new TypeError(`servedByV1 returned ${nameOf(answer)}, and not true or false`);
    return { ...named, executor: "v1", reason: "served" };
  } catch (error) {
    return { ...named, executor: "v1", reason: "undecided", because: failureOf(error) };
  }
}

/** Chooses the executor of a call of which nothing is known. */
async function chooseNew<Call extends V1Call>({ options, isStopped }: ChoiceParts<Call>, call: Call): Promise<Choice> {
  if (isStopped()) return { executor: "v1", reason: "stopped" };
  const override = overrideOf(options.overrides, call);
  if (override !== undefined) return { executor: override, reason: "override" };
  try {
    const key = await keyOf(options, call);
    const percent = await percentOf(options, call);
    // Asked again: it may have stopped during these calls.
    if (isStopped()) return { key, executor: "v1", reason: "stopped" };
    return { key, executor: stickyPercent(key) < percent ? "v2" : "v1", reason: "percent" };
  } catch (error) {
    return { executor: "v1", reason: "undecided", because: failureOf(error) };
  }
}

/** @throws {WorkflowError} INVALID_ARGUMENT */
function idOf<Call extends V1Call>({ executionId }: CheckedRollout<Call>, call: Call): string | undefined {
  if (executionId === undefined) {
    const own = readProperty(call, "executionId");
    // Any other value is V1's business.
    if (typeof own !== "string") return undefined;
    checkId(own, "executionId");
    return own;
  }
  const id: unknown = executionId(call);
  if (id === undefined) return undefined;
  if (typeof id === "string") {
    checkId(id, "executionId");
    return id;
  }
  // It must not end the process if it rejects.
  tell(() => id, undefined);
  const cure = typeof id === "number" || typeof id === "bigint" ? ": write it as a text, with String(id)" : "";
  throw new WorkflowError(
    "INVALID_ARGUMENT",
    `executionId returned ${nameOf(id)}, and not a string or undefined${cure}.`,
  );
}

function overrideOf<Call extends V1Call>(
  overrides: CheckedRollout<Call>["overrides"],
  call: Call,
): ExecutorName | undefined {
  const { users = {}, workflows = {} } = overrides ?? {};
  const [userId, workflowId] = [idText(call.userId), idText(call.workflowId)];
  if (Object.hasOwn(users, userId)) return users[userId];
  return Object.hasOwn(workflows, workflowId) ? workflows[workflowId] : undefined;
}

async function keyOf<Call extends V1Call>({ by = "workflow", v2 }: CheckedRollout<Call>, call: Call): Promise<string> {
  if (by === "workflow") return idText(call.workflowId);
  if (by === "user") return idText(call.userId);
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
  const ms = DECISION_MS;
  return withinTime({ clock, ms, late: () => new Error(`${name} took longer than ${ms} ms`) }, work);
}
