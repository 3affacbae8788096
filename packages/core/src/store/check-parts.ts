import { mustBe } from "../given.ts";
import { type Check, flag, numberFrom } from "../option.ts";
import { listed } from "../text.ts";
import type { StoreCapabilities } from "./checkpoint-store.ts";
import { invalid } from "./checks.ts";
import type { StoreDriver } from "./store-driver.ts";

/** The methods that every driver has. A record, so that the compiler refuses it if it lacks one. */
const DRIVER_METHODS = Object.keys({
  createExecution: true,
  readHead: true,
  claimExecution: true,
  commit: true,
  isSnapshot: true,
  readRecords: true,
  listExecutions: true,
  saveDefinition: true,
  readDefinition: true,
  deleteUnusedDefinitions: true,
  deleteExecutions: true,
  close: true,
} satisfies Record<keyof Omit<StoreDriver, "interfaceVersion" | "setup">, true>) as (keyof StoreDriver)[];

const CAPABILITIES: Readonly<Record<keyof StoreCapabilities, Check>> = {
  durable: flag,
  multiProcess: flag,
  maxPayloadBytes: numberFrom(1, Number.POSITIVE_INFINITY, "a number of bytes, 1 or more"),
};

/** Checks what `defineStore` makes a store of. @throws {WorkflowError} INVALID_ARGUMENT */
export function checkParts(capabilities: unknown, driver: unknown): void {
  if (typeof capabilities !== "object" || capabilities === null) {
    throw refusal("capabilities", mustBe("an object { durable, multiProcess, maxPayloadBytes }", capabilities));
  }
  for (const [name, check] of Object.entries(CAPABILITIES)) {
    const problem = check((capabilities as Record<string, unknown>)[name]);
    if (problem !== undefined) throw refusal(`capabilities: ${name}`, problem);
  }
  const missing = DRIVER_METHODS.filter(
    (method) => typeof (driver as Partial<StoreDriver> | null)?.[method] !== "function",
  );
  if (missing.length === DRIVER_METHODS.length) throw refusal("driver", mustBe("a StoreDriver", driver));
  if (missing.length > 0) throw refusal("driver", `has no ${listed(missing, 3)}: write a method for each`);
}

function refusal(name: string, problem: string): Error {
  return invalid(name, problem, `defineStore(capabilities, driver): ${name}:`);
}
