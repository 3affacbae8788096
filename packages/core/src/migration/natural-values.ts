/** The values that usually differ in every run. */
export type NaturalKind = "times" | "UUIDs";

const ISO_TIME = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?$/;
const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i;
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
