import { WorkflowError } from "@waymark/core";
import { checkOptions as checkNamed, invalidArgument } from "@waymark/core/store";

/** The default of the option `timeoutMs`. */
export const DEFAULT_TIMEOUT_MS = 15_000;

/** The longest time that Node's timers can wait, in milliseconds. */
const MAX_TIMEOUT_MS = 2_147_483_647;

/** The names that are mistaken for an option and do not resemble it. */
const MISTAKEN: Readonly<Record<string, string>> = {
  url: "address connection connectionString dsn uri",
  database: "db dbName",
  poolSize: "connectionLimit max maxPoolSize",
  tablePrefix: "prefix",
  keyPrefix: "prefix",
  collectionPrefix: "prefix",
  endedTtlMs: "ttl ttlMs ttlSeconds",
};

/** The names that belong into the driver's own options. */
const DRIVERS = new Set("auth database db host hostname password port sentinels ssl tls user username".split(" "));

/**
 * Checks that options are an object with no names but those of the table.
 *
 * @param call The call that takes them, as its caller writes it: "PostgresCheckpointStore.connect".
 * @throws {WorkflowError} INVALID_ARGUMENT, with the option that was probably meant
 */
export function checkOptions(options: unknown, known: Readonly<Record<string, true>>, call: string): void {
  const names = Object.keys(known);
  for (const name of typeof options === "object" ? Object.keys(options ?? {}) : []) {
    const hint = names.includes(name) ? undefined : hintFor(name, names);
    if (hint !== undefined) throw invalidArgument(name, `is not a known option of ${call} (${hint})`, `"${name}"`);
  }
  checkNamed(options, new Set(names), call);
}

function hintFor(name: string, known: readonly string[]): string | undefined {
  const meant = known.find((each) => MISTAKEN[each]?.split(" ").includes(name));
  if (meant !== undefined) return `did you mean "${meant}"?`;
  const drivers = known.find((each) => each === "options" || each === "clientOptions");
  return drivers !== undefined && DRIVERS.has(name) ? `write ${drivers}: { ${name}: … }` : undefined;
}

/**
 * Refuses `new` by a caller without types, for a class whose constructor is private.
 *
 * @throws {WorkflowError} INVALID_ARGUMENT
 */
export function checkMadeHere(isMadeHere: boolean, name: string): void {
  if (isMadeHere) return;
  const ways = `write await ${name}.connect({ … }), or ${name}.from(client)`;
  throw new WorkflowError("INVALID_ARGUMENT", `${name} is not made by \`new\`: ${ways}.`);
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

/** Returns the end of the refusal of what `from` of a store was given in place of a client. */
export function cureOfClient(given: unknown, store: string): string {
  if (given instanceof Promise) return ", not a Promise: await it";
  return ` (for an address, write await ${store}.connect({ url: … }))`;
}
