import type { CheckpointStore, CommitRequest } from "@waymark/core";

/** A store that counts its calls: those in progress, all, and renewals. */
export interface WatchedStore {
  store: CheckpointStore;
  /** Calls that have not resolved or rejected yet. */
  underWay(): number;
  /** All calls so far. The number shows whether anything has happened since an earlier moment. */
  calls(): number;
  /** Renewals of a lease without a checkpoint. */
  renewals(): number;
}

/** Watches a store. `onCall` is called before and after each call. */
export function watchStore(store: CheckpointStore, onCall: () => void): WatchedStore {
  let underWay = 0;
  let calls = 0;
  let renewals = 0;
  const watched = new Proxy(store, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key, target);
      if (typeof member !== "function" || key === "close") return member;
      return async (...args: unknown[]) => {
        calls += 1;
        underWay += 1;
        if (key === "commit" && isRenewal(args[1] as CommitRequest)) renewals += 1;
        onCall();
        try {
          return await member.apply(target, args);
        } finally {
          underWay -= 1;
          onCall();
        }
      };
    },
  });
  return { store: watched, underWay: () => underWay, calls: () => calls, renewals: () => renewals };
}

function isRenewal({ checkpoints = [], head, leaseMs }: CommitRequest): boolean {
  return checkpoints.length === 0 && head?.status === undefined && leaseMs !== undefined;
}
