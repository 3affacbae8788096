import {
  type CheckpointRecord,
  type CheckpointStore,
  type CommitRequest,
  type ErrorCode,
  type ExecutionRecord,
  isWorkflowError,
  type ListExecutionsOptions,
  WorkflowError,
} from "@waymark/core";
import type { ConformanceHarness, OpenedStore } from "@waymark/core/conformance";
import {
  checkClaim,
  checkCommit,
  checkDeleteExecutions,
  checkDeleteUnusedDefinitions,
  checkId,
  checkListExecutions,
  checkNewExecution,
  checkReadCheckpoints,
} from "@waymark/core/store";
import { MemoryCheckpointStore } from "../../../../store-memory/src/index.ts";

/** A memory store with one fault. */
export interface Mutant {
  /** A description of the fault. */
  fault: string;
  /** Methods that replace the store's. Called for every handle; `tools` are shared by the handles on the same data. */
  wrap?(store: MemoryCheckpointStore, tools: Tools): Partial<CheckpointStore>;
  /** Also gets calls with wrong arguments, which else go to the store itself: for faults in the checks of arguments. */
  takesWrongArguments?: boolean;
  /** For a fault in opening: changes how the store is opened. */
  open?(open: () => Promise<OpenedStore>): Promise<OpenedStore>;
}

/** Mutants by the id of the case that must find them. */
export type Mutants = Record<string, Mutant>;

/** The tools that all handles on the same data share. */
export interface Tools {
  /** Texts and numbers kept beside the store, by key. */
  notes: Map<string, unknown>;
  /** Makes a call with the caller's clock as the store's clock. */
  byCallersClock<T>(call: () => T): T;
}

/** A small limit, so that the cases that try it are fast. */
const MUTANT_CAPABILITIES = { durable: true, multiProcess: true, maxPayloadBytes: 65_536 };

/** Returns a harness that opens memory stores with the mutant's fault, or with none. */
export function harnessOf(mutant: Mutant): ConformanceHarness {
  const { wrap = () => ({}), takesWrongArguments = false } = mutant;
  const openStore = async (): Promise<OpenedStore> => {
    let isCallers = false;
    // Read before a case sets `Date` wrong. `Date.now()` inside a method returns the caller's time.
    let aheadMs = 0;
    const now = () => RIGHT_NOW() + aheadMs;
    const first = new MemoryCheckpointStore({
      maxPayloadBytes: MUTANT_CAPABILITIES.maxPayloadBytes,
      clock: { now: () => (isCallers ? Date.now() : now()) },
    });
    const tools: Tools = {
      notes: new Map(),
      byCallersClock: (call) => {
        isCallers = true;
        try {
          return call();
        } finally {
          isCallers = false;
        }
      },
    };
    const handle = (store: MemoryCheckpointStore) =>
      overlay(store, { capabilities: MUTANT_CAPABILITIES, ...guarded(store, wrap(store, tools), takesWrongArguments) });
    return {
      store: handle(first),
      reopen: async () => handle(first.reopen()),
      // Definitions look older if the clock is advanced.
      ageDefinitions: async (ms) => {
        aheadMs += ms;
      },
      close: () => first.close(),
    };
  };
  const { open = (inner) => inner() } = mutant;
  return {
    name: "mutant",
    capabilities: MUTANT_CAPABILITIES,
    open: () => open(openStore),
    agesDefinitions: true,
    seed: 20_240_229,
    timeoutMs: 5_000,
  };
}

const RIGHT_NOW = Date.now;

// biome-ignore lint/suspicious/noExplicitAny: whatever a method is called with
type Call = (...args: any[]) => any;

const CHECKS: Record<string, Call> = {
  createExecution: (execution) => checkNewExecution(execution, Number.POSITIVE_INFINITY),
  getExecution: (id) => checkId(id, "id"),
  claimExecution: checkClaim,
  commit: (id, request) => checkCommit(id, request, Number.POSITIVE_INFINITY),
  readCheckpoints: (id, options = {}) => checkReadCheckpoints(id, options),
  // Mutants may have cursors of their own.
  listExecutions: ({ cursor: _cursor, ...options } = {}) => checkListExecutions(options),
  deleteUnusedDefinitions: checkDeleteUnusedDefinitions,
  deleteExecutions: checkDeleteExecutions,
};

/** Lets the store itself refuse wrong arguments, so that a mutant need not check them. */
function guarded(store: CheckpointStore, methods: Partial<CheckpointStore>, isOff: boolean): Partial<CheckpointStore> {
  if (isOff) return methods;
  const guard = ([name, method]: [string, unknown]) => {
    const check = CHECKS[name];
    if (check === undefined || typeof method !== "function") return [name, method];
    const call: Call = (...args) => {
      try {
        check(...args);
      } catch {
        return (store as unknown as Record<string, Call>)[name]?.(...args);
      }
      return method(...args);
    };
    return [name, call];
  };
  return Object.fromEntries(Object.entries(methods).map(guard));
}

/** Returns a store with some of its methods replaced. */
export function overlay(store: CheckpointStore, replaced: Partial<CheckpointStore>): CheckpointStore {
  return {
    capabilities: store.capabilities,
    createExecution: (execution) => store.createExecution(execution),
    getExecution: (id) => store.getExecution(id),
    claimExecution: (id, request) => store.claimExecution(id, request),
    commit: (id, request) => store.commit(id, request),
    readCheckpoints: (id, options) => store.readCheckpoints(id, options),
    listExecutions: (options) => store.listExecutions(options),
    saveDefinition: (hash, json) => store.saveDefinition(hash, json),
    getDefinition: (hash) => store.getDefinition(hash),
    deleteUnusedDefinitions: (options) => store.deleteUnusedDefinitions(options),
    deleteExecutions: (refs) => store.deleteExecutions(refs),
    close: () => store.close(),
    [Symbol.asyncDispose]: () => store.close(),
    ...replaced,
  };
}

/** Returns whether a listing has an order of its own. */
export function hasOwnOrder(options: ListExecutionsOptions | undefined): boolean {
  return options?.due === true || options?.leaseExpired === true;
}

/** Waits until all code that only waits for promises has run. */
export function gap(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

export function refusal(code: ErrorCode): WorkflowError {
  return new WorkflowError(code, "Refused by a mutant.");
}

/** Calls `instead` if a call is refused with the code. */
export async function onRefusal<T>(code: ErrorCode, call: () => Promise<T>, instead: () => Promise<T> | T): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!isWorkflowError(error, code)) throw error;
    return instead();
  }
}

/** Commits the result of `mend` instead of a request that is refused as wrong. */
export function mending(store: CheckpointStore, mend: (request: CommitRequest) => CommitRequest): Commits {
  return {
    commit: (id, request) =>
      onRefusal(
        "INVALID_ARGUMENT",
        () => store.commit(id, request),
        () => store.commit(id, mend(request)),
      ),
  };
}

type Commits = Pick<CheckpointStore, "commit">;

/** Changes every head that a store returns. */
export function changedHeads(
  store: CheckpointStore,
  change: (head: ExecutionRecord) => ExecutionRecord,
): Partial<CheckpointStore> {
  return {
    createExecution: async (execution) => change(await store.createExecution(execution)),
    claimExecution: async (id, request) => change(await store.claimExecution(id, request)),
    getExecution: async (id) => {
      const head = await store.getExecution(id);
      return head && change(head);
    },
    listExecutions: async (options) => {
      const page = await store.listExecutions(options);
      return { ...page, items: page.items.map(change) };
    },
  };
}

/** Changes every record that a store returns. */
export function changedRecords(
  store: CheckpointStore,
  change: (record: CheckpointRecord) => CheckpointRecord,
): Partial<CheckpointStore> {
  return { readCheckpoints: async (id, options) => (await store.readCheckpoints(id, options)).map(change) };
}
