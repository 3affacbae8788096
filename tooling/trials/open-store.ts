import { setTimeout as sleep } from "node:timers/promises";
import { type CheckpointStore, isWorkflowError } from "@waymark/core";
import type { StoreAddress } from "./plan.ts";

type StoreClass = { connect(options: object): Promise<CheckpointStore> };

/** Opens a store by its address. Its process needs no other knowledge of the store. */
export async function openStore({ module, className, options }: StoreAddress): Promise<CheckpointStore> {
  const loaded = (await import(module)) as Record<string, StoreClass | undefined>;
  const store = loaded[className];
  if (store === undefined) throw new Error(`${module} exports no ${className}.`);
  return store.connect(options);
}

/** As {@link openStore}; waits for a server that is gone for a moment. */
export async function openStoreWhenThere(address: StoreAddress): Promise<CheckpointStore> {
  for (;;) {
    try {
      return await openStore(address);
    } catch (error) {
      if (!isWorkflowError(error, "STORE_UNAVAILABLE")) throw error;
      await sleep(20);
    }
  }
}
