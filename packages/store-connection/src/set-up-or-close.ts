import type { DefinedStore } from "@waymark/core/store";

/** Sets up a store that was just opened and returns it. If that fails, closes it, so that nothing stays connected. */
export async function setUpOrClose<Store extends DefinedStore>(store: Store): Promise<Store> {
  try {
    await store.setup();
  } catch (error) {
    // The failure of the set-up is the one to report.
    await store.close().catch(() => {});
    throw error;
  }
  return store;
}
