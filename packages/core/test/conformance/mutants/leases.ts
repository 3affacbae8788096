import { changedHeads, type Mutants, onRefusal, refusal } from "./mutant.ts";

const HOUR_MS = 3_600_000;

export const leaseMutants: Mutants = {
  "leases/held": {
    fault: "rejects with LEASE_HELD without the remaining time",
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
    fault: "lets an owner claim an execution that it holds",
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
    fault: "leaves the owner's name when an execution becomes pending",
    wrap: (store) =>
      changedHeads(store, (head) =>
        head.status === "pending" && head.version > 0 ? { ...head, owner: "owner-1" } : head,
      ),
  },
  "leases/claimer-ahead": {
    fault: "decides by the caller's clock whether a lease has lapsed",
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
    fault: "lists lapsed leases and due executions by the caller's clock",
    wrap: (store, { byCallersClock }) => ({
      listExecutions: (options) => byCallersClock(() => store.listExecutions(options)),
    }),
  },
  "leases/creator-ahead": {
    fault: "takes createdAt from the caller's clock",
    wrap: (store, { byCallersClock }) => ({
      createExecution: (execution) =>
        execution?.wakeInMs || execution?.deadlineMs
          ? store.createExecution(execution)
          : byCallersClock(() => store.createExecution(execution)),
    }),
  },
  "leases/ownerless": {
    fault: "refuses claims of an execution that became pending",
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
