import type { WorkflowStatus } from "@waymark/core";
import { gap, type Mutant, type Mutants, onRefusal, refusal } from "./mutant.ts";

export const finalityMutants: Mutants = {
  "finality/completed": ignoresCommitsTo("completed"),
  "finality/failed": ignoresCommitsTo("failed"),
  "finality/cancelled": ignoresCommitsTo("cancelled"),
  "finality/suspended": ignoresCommitsTo("suspended"),
  "finality/from-the-start": {
    fault: "resolves a commit to an execution that was created ended or suspended",
    wrap: (store) => ({
      commit: (id, request) =>
        onRefusal(
          "INVALID_STATUS",
          () => store.commit(id, request),
          async () => {
            if ((await store.getExecution(id))?.version !== 0) throw refusal("INVALID_STATUS");
          },
        ),
    }),
  },
  "finality/claim-by-name": {
    fault: "grants every claim of a suspended execution",
    wrap: (store) => ({
      claimExecution: (id, request) =>
        onRefusal(
          "INVALID_STATUS",
          () => store.claimExecution(id, request),
          () => store.claimExecution(id, { ...request, from: [...request.from, "suspended"] }),
        ),
    }),
  },
  "finality/forced-claim": {
    fault: "grants a forced claim of a completed execution if the claim allows more than one status",
    wrap: (store) => ({
      claimExecution: (id, request) =>
        onRefusal(
          "INVALID_STATUS",
          () => store.claimExecution(id, request),
          () => {
            const from: WorkflowStatus[] =
              request.force && request.from.length > 1 ? [...request.from, "completed"] : [...request.from];
            return store.claimExecution(id, { ...request, from });
          },
        ),
    }),
  },
  "finality/one-ending": {
    fault: "resolves a completion although a cancel came first",
    wrap: (store) => ({
      commit: async (id, request) => {
        const before = await store.getExecution(id);
        if (request.head?.status !== "completed" || before?.token !== request.token) return store.commit(id, request);
        await gap();
        return onRefusal(
          "LEASE_LOST",
          () => store.commit(id, request),
          () => undefined,
        );
      },
    }),
  },
};

function ignoresCommitsTo(status: WorkflowStatus): Mutant {
  return {
    fault: `resolves a commit to a ${status} execution`,
    wrap: (store) => ({
      commit: (id, request) =>
        onRefusal(
          "INVALID_STATUS",
          () => store.commit(id, request),
          async () => {
            const head = await store.getExecution(id);
            const isIt = head?.status === status && head.version === request.version && head.version > 0;
            if (!isIt) throw refusal("INVALID_STATUS");
          },
        ),
    }),
  };
}
