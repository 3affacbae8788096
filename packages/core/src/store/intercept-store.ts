import type { CheckpointStore } from "./checkpoint-store.ts";

/** The name of a store method whose calls can be intercepted. */
export type StoreMethod = Exclude<
  keyof CheckpointStore,
  "capabilities" | "interfaceVersion" | "transaction" | "close" | typeof Symbol.asyncDispose
>;

/** All methods. A record, so that the compiler refuses it if it lacks a method of the interface. */
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

/** Wraps a store. Every call except `close` goes through `around`, which decides whether and when to make it. */
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
    ...(store.interfaceVersion !== undefined && { interfaceVersion: store.interfaceVersion }),
    close: () => store.close(),
    [Symbol.asyncDispose]: () => store.close(),
  };
}
