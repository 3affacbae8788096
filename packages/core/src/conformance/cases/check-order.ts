import { rejects } from "../assert.ts";
import type { ConformanceCase } from "../case.ts";
import { newClaim, newCommit, newExecution, newHeadCommit } from "../fixtures.ts";

/** Cases about the order of checks. Engines act on the error code, so all stores must reject with the same one. */
export const checkOrderCases: readonly ConformanceCase[] = [
  {
    id: "check-order/commit-unknown",
    title: "rejects a commit to an unknown id with EXECUTION_NOT_FOUND",
    invariant: 7,
    async run({ store }) {
      await rejects(
        () => store.commit("nobody", newCommit({ token: 1, version: 0 })),
        "EXECUTION_NOT_FOUND",
        "If an UPDATE matches no row, read the head to find out why. If there is no head, reject with EXECUTION_NOT_FOUND.",
      );
    },
  },
  {
    id: "check-order/commit-token-first",
    title: "rejects a commit of an old owner with LEASE_LOST, even if other checks fail too",
    invariant: 7,
    async run({ store }) {
      const old = await store.createExecution(newExecution("e1", { leaseMs: 0 }));
      const claimed = await store.claimExecution("e1", newClaim());
      await store.commit("e1", newHeadCommit(claimed, { status: "completed" }));
      await rejects(
        () => store.commit("e1", newCommit(old)),
        "LEASE_LOST",
        "Check the token before the status and the version: LEASE_LOST, INVALID_STATUS, VERSION_CONFLICT.",
      );
    },
  },
  {
    id: "check-order/commit-status-second",
    title: "rejects a commit after the end with INVALID_STATUS, even if the version is wrong too",
    invariant: 7,
    async run({ store }) {
      const created = await store.createExecution(newExecution("e1"));
      await store.commit("e1", newHeadCommit(created, { status: "completed" }));
      await rejects(
        () => store.commit("e1", newCommit(created)),
        "INVALID_STATUS",
        "Check the status before the version: LEASE_LOST, INVALID_STATUS, VERSION_CONFLICT.",
      );
    },
  },
  {
    id: "check-order/commit-version-third",
    title: "rejects a commit with VERSION_CONFLICT before it checks dropBefore",
    invariant: 7,
    async run({ store }) {
      const created = await store.createExecution(newExecution("e1"));
      await store.commit("e1", newCommit(created));
      await store.commit("e1", newCommit({ ...created, version: 1 }));
      await rejects(
        () => store.commit("e1", newCommit({ ...created, version: 1 }, { dropBefore: 1 })),
        "VERSION_CONFLICT",
        "Check the version before dropBefore, which is meaningful only for the version that the commit is based on.",
      );
    },
  },
  {
    id: "check-order/claim-unknown",
    title: "rejects a claim of an unknown id with EXECUTION_NOT_FOUND",
    invariant: 7,
    async run({ store }) {
      await rejects(
        () => store.claimExecution("nobody", newClaim()),
        "EXECUTION_NOT_FOUND",
        "A claim of an unknown id must be refused, and must not create an execution.",
      );
    },
  },
  {
    id: "check-order/claim-status-first",
    title: "rejects a claim with INVALID_STATUS before LEASE_HELD",
    invariant: 7,
    async run({ store }) {
      await store.createExecution(newExecution("e1"));
      await rejects(
        () => store.claimExecution("e1", newClaim({ from: ["failed", "suspended"] })),
        "INVALID_STATUS",
        "Check the status before the lease: a claim of a failed execution need not wait until a running one ends.",
      );
    },
  },
];
