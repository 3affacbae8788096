import type { CheckpointStore } from "./checkpoint-store.ts";

/** The methods of a store that can be interfered with. */
export type StoreMethod = Exclude<keyof CheckpointStore, "capabilities" | "close" | typeof Symbol.asyncDispose>;

/** Every method: a record, so that one that is added to the interface cannot be forgotten here. */
export const STORE_METHODS: Readonly<Record<StoreMethod, true>> = {
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
};

/** Wraps a store: every call but `close` goes through `around`, which decides whether and when to make it. */
export function interceptStore(
  store: CheckpointStore,
  around: <T>(method: StoreMethod, call: () => Promise<T>) => Promise<T>,
): CheckpointStore {
  const intercepted = Object.fromEntries(
    (Object.keys(STORE_METHODS) as StoreMethod[]).map((method) => [
      method,
      (...args: unknown[]) =>
        around(method, () => (store[method] as (...args: unknown[]) => Promise<unknown>).apply(store, args)),
    ]),
  ) as Pick<CheckpointStore, StoreMethod>;
  return {
    ...intercepted,
    capabilities: store.capabilities,
    close: () => store.close(),
    [Symbol.asyncDispose]: () => store.close(),
  };
}
