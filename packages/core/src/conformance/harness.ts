import { WorkflowError } from "../errors.ts";
import { mustBe } from "../given.ts";
import type { CheckpointStore } from "../store/checkpoint-store.ts";
import { OpenFailure } from "./assert.ts";
import type { ConformanceHarness, OpenedStore } from "./case.ts";

/** Checks the functions of a test runner. @throws {WorkflowError} INVALID_ARGUMENT */
export function checkRunner(runner: unknown): void {
  const { describe, it } = (runner ?? {}) as { describe?: unknown; it?: { skip?: unknown } };
  if (typeof describe === "function" && typeof it?.skip === "function") return;
  const problem = mustBe("an object { describe, it } with the functions of a test runner", runner);
  throw new WorkflowError("INVALID_ARGUMENT", `describeCheckpointStore(runner, harness): runner: ${problem}.`);
}

/** Checks what the author of a store hands to the suite. @throws {WorkflowError} INVALID_ARGUMENT */
export function checkHarness(harness: ConformanceHarness): void {
  const { open, capabilities, timeoutMs } = (harness ?? {}) as Partial<ConformanceHarness>;
  const { durable, multiProcess, maxPayloadBytes } = capabilities ?? {};
  if (typeof open !== "function") throw refusal("open", mustBe("a function that opens a store", open));
  const areCapabilities =
    typeof durable === "boolean" && typeof multiProcess === "boolean" && typeof maxPayloadBytes === "number";
  if (!areCapabilities) {
    throw refusal("capabilities", mustBe("an object { durable, multiProcess, maxPayloadBytes }", capabilities));
  }
  const isTimeout = timeoutMs === undefined || (typeof timeoutMs === "number" && timeoutMs > 0);
  if (!isTimeout) throw refusal("timeoutMs", mustBe("a number of milliseconds, more than 0", timeoutMs));
}

/** Checks what `open()` of a harness resolved to. @throws {OpenFailure} */
export function checkOpened(opened: OpenedStore): void {
  const { store, reopen, close } = (opened ?? {}) as Partial<OpenedStore>;
  if (typeof store !== "object" || store === null || typeof reopen !== "function" || typeof close !== "function") {
    throw new OpenFailure(`What open() resolves to ${mustBe("an object { store, reopen, close }", opened)}.`);
  }
  const missing = METHODS.filter((method) => typeof store[method] !== "function");
  if (missing.length > 0) throw new OpenFailure(`The store has no ${missing.join(", ")}. Write a method for each.`);
}

type Method = Exclude<
  keyof CheckpointStore,
  "capabilities" | "interfaceVersion" | "transaction" | typeof Symbol.asyncDispose
>;

/** The methods of a store. A record, so that the compiler refuses it if it lacks one. */
const METHODS = Object.keys({
  createExecution: true,
  getExecution: true,
  claimExecution: true,
  commit: true,
  readCheckpoints: true,
  listExecutions: true,
  saveDefinition: true,
  getDefinition: true,
  deleteUnusedDefinitions: true,
  deleteExecutions: true,
  close: true,
} satisfies Record<Method, true>) as Method[];

function refusal(name: string, problem: string): WorkflowError {
  return new WorkflowError("INVALID_ARGUMENT", `The harness: ${name}: ${problem}.`);
}
