import type { CheckpointStore } from "@waymark/core";
import type { StoreAddress } from "./plan.ts";

type StoreClass = { connect(options: object): Promise<CheckpointStore> };

/** Opens a store by its address, in a process that knows nothing else of it. */
export async function openStore({ module, className, options }: StoreAddress): Promise<CheckpointStore> {
  const loaded = (await import(module)) as Record<string, StoreClass | undefined>;
  const store = loaded[className];
  if (store === undefined) throw new Error(`${module} exports no ${className}.`);
  return store.connect(options);
}
