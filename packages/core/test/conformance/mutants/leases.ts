import { changedHeads, type Mutants, onRefusal, refusal } from "./mutant.ts";

const HOUR_MS = 3_600_000;

export const leaseMutants: Mutants = {
  "leases/held": {
    fault: "does not say how long the lease has left",
    wrap: (store) => ({
      claimExecution: (id, request) =>
        onRefusal(
          "LEASE_HELD",
          () => store.claimExecution(id, request),
          () => {
            throw refusal("LEASE_HELD");
          },
        ),
    }),
  },
  "leases/held-by-itself": {
    fault: "lets an owner claim what it holds",
    wrap: (store) => ({
      claimExecution: async (id, request) => {
        const head = await store.getExecution(id);
        const isOwn = head?.owner === request.owner;
        return store.claimExecution(id, isOwn ? { ...request, force: true } : request);
      },
    }),
  },
  "leases/zero": {
    fault: "lets a lease of 0 ms end before it begins",
    wrap: (store) =>
      changedHeads(store, (head) =>
        head.leaseUntil === head.updatedAt ? { ...head, leaseUntil: head.leaseUntil - 1 } : head,
      ),
  },
  "leases/lapsed-commit": {
    fault: "refuses a commit that only appends under its first lease, once that has lapsed",
    wrap: (store) => ({
      commit: async (id, request) => {
        const head = await store.getExecution(id);
        const isLapsed = head?.owner === "owner-1" && (head.leaseUntil ?? 0) <= Date.now();
        if (isLapsed && request.head === undefined && request.leaseMs === undefined) throw refusal("LEASE_LOST");
        return store.commit(id, request);
      },
    }),
  },
  "leases/renew": {
    fault: "does not renew a lease with a commit that appends",
    wrap: (store) => ({
      commit: (id, request) => {
        const { leaseMs: _leaseMs, ...rest } = request;
        return store.commit(id, request.checkpoints === undefined ? request : rest);
      },
    }),
  },
  "leases/keep": {
    fault: "renews a held lease with every commit that only appends",
    wrap: (store) => ({
      commit: async (id, request) => {
        const head = await store.getExecution(id);
        const isHeld = (head?.leaseUntil ?? 0) > Date.now() + HOUR_MS / 2;
        return store.commit(id, isHeld && request.head === undefined ? { leaseMs: HOUR_MS + 1, ...request } : request);
      },
    }),
  },
  "leases/release": {
    fault: "leaves the owner's name when an execution is put back",
    wrap: (store) =>
      changedHeads(store, (head) =>
        head.status === "pending" && head.version > 0 ? { ...head, owner: "owner-1" } : head,
      ),
  },
  "leases/claimer-ahead": {
    fault: "decides by the claimer's clock whether a lease has lapsed",
    wrap: (store, { byCallersClock }) => ({
      claimExecution: (id, request) => byCallersClock(() => store.claimExecution(id, request)),
    }),
  },
  "leases/owner-behind": {
    fault: "renews a lease by the owner's clock",
    wrap: (store, { byCallersClock }) => ({
      commit: (id, request) => byCallersClock(() => store.commit(id, request)),
    }),
  },
  "leases/lister-ahead": {
    fault: "lists what has lapsed and what is due by the lister's clock",
    wrap: (store, { byCallersClock }) => ({
      listExecutions: (options) => byCallersClock(() => store.listExecutions(options)),
    }),
  },
  "leases/creator-ahead": {
    fault: "dates an execution by its creator's clock",
    wrap: (store, { byCallersClock }) => ({
      createExecution: (execution) =>
        execution?.wakeInMs || execution?.deadlineMs
          ? store.createExecution(execution)
          : byCallersClock(() => store.createExecution(execution)),
    }),
  },
  "leases/ownerless": {
    fault: "keeps others from what was put back",
    wrap: (store) => ({
      claimExecution: async (id, request) => {
        const head = await store.getExecution(id);
        const isPutBack = head?.status === "pending" && head.version === 1 && !head.failure && !head.wakeAt;
        if (isPutBack && request.from.includes("pending") && !request.force) throw refusal("LEASE_HELD");
        return store.claimExecution(id, request);
      },
    }),
  },
};
