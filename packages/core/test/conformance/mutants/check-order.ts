import { type Mutants, onRefusal, refusal } from "./mutant.ts";

export const checkOrderMutants: Mutants = {
  "check-order/commit-unknown": {
    fault: "treats an UPDATE of no rows as a lost lease",
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
    fault: "checks whether the execution has completed before it checks the token",
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
    fault: "compares the version of a commit without head changes before it checks the status",
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
    fault: "treats an UPDATE of no rows as a wrong status",
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
    fault: "checks the lease before it checks the status",
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
