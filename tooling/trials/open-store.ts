import type { CheckpointStore } from "@waymark/core";
import type { StoreAddress } from "./plan.ts";

type StoreClass = { connect(options: object): Promise<CheckpointStore> };

/** Opens a store by its address. Its process needs no other knowledge of the store. */
export async function openStore({ module, className, options }: StoreAddress): Promise<CheckpointStore> {
  const loaded = (await import(module)) as Record<string, StoreClass | undefined>;
  const store = loaded[className];
  if (store === undefined) throw new Error(`${module} exports no ${className}.`);
  return store.connect(options);
}
