import { messageOf, WorkflowError } from "./errors.ts";
import { isThenable, nameOf } from "./given.ts";
import { didYouMean, nearName } from "./near-name.ts";
import { type AnyOptions, type OptionRule, type OptionTable, ruleOf } from "./option.ts";
import { quoted } from "./text.ts";

/** The most unknown options that a message names. */
const MAX_UNKNOWN = 5;

/**
 * Returns a function that checks the options object of the function `name`.
 *
 * - The check returns a copy without the options that are `undefined`: they count as absent. It reads each option once.
 * - It refuses unknown options, and names the option that was probably meant.
 * - It throws an INVALID_ARGUMENT that names the function, the options that are wrong, what they must be and what was
 *   given. It shows numbers, booleans and names, and no other values.
 *
 * @param argument The name of the argument, if the function has others in front of it.
 */
export function checker<Options>(
  name: string,
  table: OptionTable<Options>,
  argument?: string,
): (value: unknown) => Options {
  const takes = argument === undefined ? "takes one object" : `${argument}: must be an object`;
  return (value) => {
    if (typeof value !== "object" || value === null || isListOrPromise(value)) {
      const given = value === undefined ? "but was given nothing" : `not ${nameOf(value)}`;
      throw new WorkflowError("INVALID_ARGUMENT", `${name}: ${takes} ${shapeOf(table)}, ${given}.`);
    }
    const problems: string[] = [];
    let options: object = {};
    try {
      options = read(value, table, [], problems);
    } catch (error) {
      problems.splice(0, problems.length, `an option cannot be read: ${messageOf(error)}`);
    }
    if (problems.length === 0) return options as Options;
    throw new WorkflowError("INVALID_ARGUMENT", `${name}: ${problems.join("; ")}.`, { details: { problems } });
  };
}

function isListOrPromise(value: unknown): boolean {
  try {
    return Array.isArray(value) || isThenable(value);
  } catch {
    return false;
  }
}

/** Returns the names of the options, as a type shows them. */
function shapeOf(table: AnyOptions): string {
  const names = Object.entries(table).map(([name, option]) =>
    ruleOf(option).presence === "needed" ? name : `${name}?`,
  );
  return `{ ${names.join(", ")} }`;
}

/** Reads an object of options into a new one, and notes what is wrong with it. */
function read(value: object, table: AnyOptions, at: readonly string[], problems: string[]): object {
  const copy: Record<string, unknown> = {};
  for (const [name, { check, presence, inside, isCopied }] of rulesOf(table)) {
    const each: unknown = (value as Record<string, unknown>)[name];
    if (each === undefined && (presence === "optional" || (presence === "filter" && !(name in value)))) continue;
    const isVoid = presence === "filter" && (each === undefined || each === null || each === "");
    const problem = isVoid ? `must not be ${nameOf(each)}: leave it out to apply no such condition` : check(each);
    if (problem !== undefined) problems.push([...at, name, problem].join(": "));
    else if (inside !== undefined) copy[name] = read(each as object, inside, [...at, name], problems);
    else copy[name] = isCopied ? [...(each as unknown[])] : each;
  }
  const unknown: string[] = [];
  for (const name in value) if (!Object.hasOwn(table, name)) unknown.push(name);
  if (unknown.length > 0) problems.push([...at, unknownNames(unknown, table)].join(": "));
  return copy;
}

/** Returns the names of a table and their rules. Kept by table: every call of the engine asks for them. */
function rulesOf(table: AnyOptions): readonly [string, OptionRule][] {
  const known = listed.get(table);
  if (known !== undefined) return known;
  const rules = Object.entries(table).map(([name, option]): [string, OptionRule] => [name, ruleOf(option)]);
  listed.set(table, rules);
  return rules;
}

const listed = new WeakMap<AnyOptions, readonly [string, OptionRule][]>();

function unknownNames(names: readonly string[], table: AnyOptions): string {
  const known = Object.keys(table);
  let isMeantKnown = true;
  const named = names.slice(0, MAX_UNKNOWN).map((name) => {
    const meant = nearName(name, known) ?? known.find((each) => MISTAKEN[each]?.split(" ").includes(name));
    const isEngines = meant === undefined && ENGINE_OPTIONS.has(name);
    isMeantKnown &&= meant !== undefined || isEngines;
    const hint = isEngines ? " (it is one of createWorkflowEngine)" : didYouMean(meant);
    return `unknown option ${quoted(name)}${hint}`;
  });
  return `${named.join(", ")}${isMeantKnown ? "" : `; the options are ${shapeOf(table)}`}`;
}

/** Options that people look for on a call. */
const ENGINE_OPTIONS: ReadonlySet<string> = new Set(
  [
    "store executors workflows dispatcher retry nodeTimeoutMs leaseMs storeRetryMs maxRecoveries historyLimit durability",
    "contextMode codec clock redact logger onEvent",
  ].flatMap((names) => names.split(" ")),
);

/** The names that are mistaken for an option and do not resemble it. */
const MISTAKEN: Readonly<Record<string, string>> = {
  initialData: "input context data payload",
  executionId: "id",
  workflowId: "id definition",
  waitToken: "executionId token",
  data: "answer input schema payload",
  run: "execute executor handler fn",
  store: "checkpointer storage db adapter",
  executors: "nodes nodeTypes registry",
  maxAttempts: "attempts retries maxRetries maxTries",
  backoffMs: "delayMs",
  maxBackoffMs: "maxDelayMs",
  cursor: "offset page after",
  limit: "pageSize take",
  olderThanMs: "maxAgeMs",
};
