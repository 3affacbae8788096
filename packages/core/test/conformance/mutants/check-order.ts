import { type Mutants, onRefusal, refusal } from "./mutant.ts";

export const checkOrderMutants: Mutants = {
  "check-order/commit-unknown": {
    fault: "takes an UPDATE of no rows for a lost lease",
    wrap: (store, { notes }) => ({
      createExecution: (execution) => {
        notes.set(execution.id, true);
        return store.createExecution(execution);
      },
      commit: (id, request) =>
        onRefusal(
          "EXECUTION_NOT_FOUND",
          () => store.commit(id, request),
          () => {
            throw refusal(notes.has(id) ? "EXECUTION_NOT_FOUND" : "LEASE_LOST");
          },
        ),
    }),
  },
  "check-order/commit-token-first": {
    fault: "looks whether it has completed before it looks at the token",
    wrap: (store) => ({
      commit: (id, request) =>
        onRefusal(
          "LEASE_LOST",
          () => store.commit(id, request),
          async () => {
            throw refusal((await store.getExecution(id))?.status === "completed" ? "INVALID_STATUS" : "LEASE_LOST");
          },
        ),
    }),
  },
  "check-order/commit-status-second": {
    fault: "compares the version of what only appends before it looks at the status",
    wrap: (store) => ({
      commit: (id, request) =>
        onRefusal(
          "INVALID_STATUS",
          () => store.commit(id, request),
          async () => {
            const isStale = (await store.getExecution(id))?.version !== request.version;
            throw refusal(isStale && request.head === undefined ? "VERSION_CONFLICT" : "INVALID_STATUS");
          },
        ),
    }),
  },
  "check-order/commit-version-third": {
    fault: "looks for the snapshot of dropBefore before it compares the version",
    wrap: (store) => ({
      commit: (id, request) =>
        onRefusal(
          "VERSION_CONFLICT",
          () => store.commit(id, request),
          async () => {
            const records = await store.readCheckpoints(id);
            const isKept = records.some(({ seq, kind }) => seq === request.dropBefore && kind === "snapshot");
            throw refusal(request.dropBefore !== undefined && !isKept ? "INVALID_ARGUMENT" : "VERSION_CONFLICT");
          },
        ),
    }),
  },
  "check-order/claim-unknown": {
    fault: "takes an UPDATE of no rows for the wrong status",
    wrap: (store, { notes }) => ({
      createExecution: (execution) => {
        notes.set(execution.id, true);
        return store.createExecution(execution);
      },
      claimExecution: (id, request) =>
        onRefusal(
          "EXECUTION_NOT_FOUND",
          () => store.claimExecution(id, request),
          () => {
            throw refusal(notes.has(id) ? "EXECUTION_NOT_FOUND" : "INVALID_STATUS");
          },
        ),
    }),
  },
  "check-order/claim-status-first": {
    fault: "looks at the lease before it looks at the status",
    wrap: (store) => ({
      claimExecution: (id, request) =>
        onRefusal(
          "INVALID_STATUS",
          () => store.claimExecution(id, request),
          async () => {
            const { status, leaseUntil = 0 } = (await store.getExecution(id)) ?? {};
            throw refusal(status === "running" && leaseUntil > Date.now() ? "LEASE_HELD" : "INVALID_STATUS");
          },
        ),
    }),
  },
};
