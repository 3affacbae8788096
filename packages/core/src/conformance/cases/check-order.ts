import { rejects } from "../assert.ts";
import type { ConformanceCase } from "../case.ts";
import { newClaim, newCommit, newExecution, newHeadCommit } from "../fixtures.ts";

/** Which refusal a caller gets where several would fit: engines act on the code, so it must not differ by store. */
export const checkOrderCases: readonly ConformanceCase[] = [
  {
    id: "check-order/commit-unknown",
    title: "tells a commit to an unknown id EXECUTION_NOT_FOUND",
    invariant: 7,
    async run({ store }) {
      await rejects(
        () => store.commit("nobody", newCommit({ token: 1, version: 0 })),
        "EXECUTION_NOT_FOUND",
        "Where an UPDATE matches no row, look at the head to say why; no head is EXECUTION_NOT_FOUND.",
      );
    },
  },
  {
    id: "check-order/commit-token-first",
    title: "tells an old owner LEASE_LOST, whatever else is wrong",
    invariant: 7,
    async run({ store }) {
      const old = await store.createExecution(newExecution("e1", { leaseMs: 0 }));
      const claimed = await store.claimExecution("e1", newClaim());
      await store.commit("e1", newHeadCommit(claimed, { status: "completed" }));
      await rejects(
        () => store.commit("e1", newCommit(old)),
        "LEASE_LOST",
        "An old token comes before status and version: LEASE_LOST, INVALID_STATUS, VERSION_CONFLICT.",
      );
    },
  },
  {
    id: "check-order/commit-status-second",
    title: "tells an owner INVALID_STATUS after the end, whatever the version",
    invariant: 7,
    async run({ store }) {
      const created = await store.createExecution(newExecution("e1"));
      await store.commit("e1", newHeadCommit(created, { status: "completed" }));
      await rejects(
        () => store.commit("e1", newCommit(created)),
        "INVALID_STATUS",
        "The status comes before the version: LEASE_LOST, INVALID_STATUS, VERSION_CONFLICT.",
      );
    },
  },
  {
    id: "check-order/commit-version-third",
    title: "tells a commit VERSION_CONFLICT before it looks at dropBefore",
    invariant: 7,
    async run({ store }) {
      const created = await store.createExecution(newExecution("e1"));
      await store.commit("e1", newCommit(created));
      await store.commit("e1", newCommit({ ...created, version: 1 }));
      await rejects(
        () => store.commit("e1", newCommit({ ...created, version: 1 }, { dropBefore: 1 })),
        "VERSION_CONFLICT",
        "What dropBefore names can be judged only on the version that the commit builds on.",
      );
    },
  },
  {
    id: "check-order/claim-unknown",
    title: "tells a claim of an unknown id EXECUTION_NOT_FOUND",
    invariant: 7,
    async run({ store }) {
      await rejects(
        () => store.claimExecution("nobody", newClaim()),
        "EXECUTION_NOT_FOUND",
        "A claim of an unknown id must be refused, and never make an execution.",
      );
    },
  },
  {
    id: "check-order/claim-status-first",
    title: "tells a claim INVALID_STATUS before LEASE_HELD",
    invariant: 7,
    async run({ store }) {
      await store.createExecution(newExecution("e1"));
      await rejects(
        () => store.claimExecution("e1", newClaim({ from: ["failed", "suspended"] })),
        "INVALID_STATUS",
        "The status comes before the lease: whoever asks for a failed execution need not wait for a running one.",
      );
    },
  },
];
