import { checkNames, checkObject, invalidArgument } from "@waymark/core/store";

/** The default of the option `timeoutMs`. */
export const DEFAULT_TIMEOUT_MS = 15_000;

/** The longest time that Node's timers can wait, in milliseconds. */
const MAX_TIMEOUT_MS = 2_147_483_647;

/**
 * Checks that options are an object with no names but those of the table.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT
 */
export function checkOptions(options: unknown, known: Readonly<Record<string, true>>): void {
  checkObject(options, "options");
  checkNames(options, new Set(Object.keys(known)), "options");
}

/** Checks an option that is a whole number above zero, if it is set. @throws {WorkflowError} INVALID_ARGUMENT */
export function checkPositive(value: unknown, name: string, most: number = Number.MAX_SAFE_INTEGER): void {
  if (value === undefined) return;
  if (Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= most) return;
  throw invalidArgument(name, `must be a whole number from 1 to ${most}`);
}

/** Checks the option `timeoutMs`, if it is set. @throws {WorkflowError} INVALID_ARGUMENT */
export function checkTimeout(timeoutMs: unknown): void {
  checkPositive(timeoutMs, "timeoutMs", MAX_TIMEOUT_MS);
}

/** Checks an option that is true or false, if it is set. @throws {WorkflowError} INVALID_ARGUMENT */
export function checkFlag(value: unknown, name: string): void {
  if (value !== undefined && typeof value !== "boolean") throw invalidArgument(name, "must be true or false");
}

/** Copies options without those that are `undefined`, so that defaults stand in their place. */
export function withoutUndefined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}
