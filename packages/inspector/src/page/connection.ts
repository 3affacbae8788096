import { useSyncExternalStore } from "react";

/** The state of the way to the server and to its store. */
export type Connection = "online" | "unreachable" | "store-away";

let current: Connection = "online";
const listeners = new Set<() => void>();

/** Whether the last call has reached the server and the store. */
export const connection = {
  set(next: Connection): void {
    if (next === current) return;
    current = next;
    for (const listener of listeners) listener();
  },
};

export function useConnection(): Connection {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => current,
  );
}
