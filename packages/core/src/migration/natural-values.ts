/** The values that usually differ in every run. */
export type NaturalKind = "times" | "UUIDs";

const ISO_TIME = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?$/;
const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i;
const WITHOUT_ZONE = /:\d\d(\.\d+)?$/;
/** As `toUTCString()` and `String(date)` write it. */
const WORDED_TIME = /^[A-Z][a-z]{2},? [\w ]+ \d\d:\d\d:\d\d GMT/;
/** The years 2001 to 2286, in milliseconds since 1970. */
const EPOCH_MS = { from: 1e12, to: 1e13 };

/** Returns the kind of a value that usually differs in every run; `undefined` for any other value. */
export function naturalKind(value: unknown): NaturalKind | undefined {
  if (typeof value === "string" && UUID.test(value)) return "UUIDs";
  return timeOf(value) === undefined ? undefined : "times";
}

/** Returns the milliseconds since 1970 of a value that looks like a time; `undefined` for any other value. */
export function timeOf(value: unknown): number | undefined {
  if (value instanceof Date) return value.getTime();
  if (typeof value === "number") return value >= EPOCH_MS.from && value < EPOCH_MS.to ? value : undefined;
  return typeof value === "string" && ISO_TIME.test(value) ? Date.parse(value.replace(" ", "T")) : undefined;
}

/**
 * Returns the times that a value may stand for, in milliseconds since 1970. Beside what {@link timeOf} reads: seconds since
 * 1970, times in the words of `Date`, and texts without a zone, which may be local or UTC.
 */
export function possibleTimes(value: unknown): number[] {
  const time = timeOf(value);
  if (typeof value === "string") {
    if (time === undefined) return WORDED_TIME.test(value) ? [Date.parse(value)] : [];
    return WITHOUT_ZONE.test(value) ? [time, Date.parse(`${value.replace(" ", "T")}Z`)] : [time];
  }
  if (time !== undefined) return [time];
  const isSeconds = typeof value === "number" && value * 1_000 >= EPOCH_MS.from && value * 1_000 < EPOCH_MS.to;
  return isSeconds ? [value * 1_000] : [];
}
