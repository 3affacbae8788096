import { inspect } from "node:util";
import { REDACTED, redacted } from "../engine/redact.ts";
import type { Codec } from "../state/codec.ts";
import { cleanText } from "../text.ts";
import { areEqual } from "./are-equal.ts";
import { comparableValue, StandIn } from "./comparable-value.ts";
import { type DifferingPath, differingPaths, withoutPaths } from "./differing-paths.ts";
import { possibleTimes, timeOf } from "./natural-values.ts";
import { type PathPattern, writePathPattern } from "./path-pattern.ts";

/** The longest text of a value, in characters. */
const MAX_TEXT = 300;
/** A time is of this run if it is no further than this from when the node ran, in milliseconds. */
const TIME_SLACK_MS = 1_000;

/** Returns the places where two values differ, without those that patterns match, as a checkpoint keeps the values. */
export function differences(
  v1: unknown,
  v2: unknown,
  { ignored, codec }: { ignored: readonly PathPattern[]; codec: Codec },
): DifferingPath[] {
  let values = [comparableValue(v1, codec), comparableValue(v2, codec)] as const;
  if (areEqual(...values)) return [];
  if (ignored.length > 0) values = [withoutPaths(values[0], ignored), withoutPaths(values[1], ignored)];
  const found = differingPaths(...values);
  // Keys that are symbols are no places.
  return found.length > 0 || areEqual(...values) ? found : [{ path: [], values }];
}

/** When a node ran, in milliseconds since 1970. */
export interface TimeSpan {
  from: number;
  to: number;
}

/** Returns true if both values are times of one type, each of the moment at which its node ran. */
export function areOwnTimes({ values: [v1, v2] }: DifferingPath, ofV1: TimeSpan, ofV2: TimeSpan): boolean {
  return typeOf(v1) === typeOf(v2) && isWithin(v1, ofV1) && isWithin(v2, ofV2);
}

/**
 * Returns true if a place that differs by nature may have these two values: they are no times, or times that are as far
 * from when their nodes ran, such as the end of a period that has begun then.
 */
export function areAlikeByNature({ values: [v1, v2] }: DifferingPath, ofV1: TimeSpan, ofV2: TimeSpan): boolean {
  const [first, second] = [timeOf(v1), timeOf(v2)];
  if (first === undefined || second === undefined) return first === second;
  const apartMs = Math.abs(second - ofV2.from - (first - ofV1.from));
  return apartMs <= TIME_SLACK_MS + (ofV1.to - ofV1.from) + (ofV2.to - ofV2.from);
}

function isWithin(value: unknown, { from, to }: TimeSpan): boolean {
  return possibleTimes(value).some((time) => time >= from - TIME_SLACK_MS && time <= to + TIME_SLACK_MS);
}

/**
 * Returns true if a place is among those that differ from run to run, or inside one of them.
 *
 * - Values of different types never differ by nature: a random text is no random number, and not its absence.
 */
export function differsByNature({ path, values }: DifferingPath, varying: readonly DifferingPath[]): boolean {
  const [first, second] = values.map(typeOf);
  if (first !== second) return false;
  return varying.some(({ path: above }) => above.length <= path.length && areEqual(above, path.slice(0, above.length)));
}

function typeOf(value: unknown): unknown {
  if (value instanceof StandIn) return value.type;
  return typeof value === "object" && value !== null ? Object.getPrototypeOf(value) : typeof value;
}

/** Writes a place for an outcome: its path and both values. Values under the keys of `redact` are not shown. */
export function shown(
  { path, values: [v1, v2] }: DifferingPath,
  redact: readonly string[],
): { path: string; v1: string; v2: string } {
  const secret = new Set(redact.map((key) => key.toLowerCase()));
  const isSecret = path.some((step) => typeof step === "object" && secret.has(step.key.toLowerCase()));
  const text = (value: unknown): string => {
    if (isSecret) return REDACTED;
    return textOf(secret.size > 0 && typeof value === "object" && value !== null ? redacted(value, redact) : value);
  };
  return { path: pathOf({ path }), v1: text(v1), v2: text(v2) };
}

/** Writes the path of a place for an outcome. */
export function pathOf({ path }: Pick<DifferingPath, "path">): string {
  return cleanText(writePathPattern(path), MAX_TEXT);
}

/** Writes a value for an outcome, on one line, without credentials of addresses. */
export function textOf(given: unknown): string {
  const value = given instanceof StandIn ? given.original : given;
  const options = { depth: 4, breakLength: Number.POSITIVE_INFINITY, maxStringLength: MAX_TEXT, customInspect: false };
  try {
    return cleanText(inspect(value, options), MAX_TEXT);
  } catch {
    return "(a value that cannot be shown)";
  }
}
