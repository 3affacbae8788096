import type { ClaimRequest, ExecutionRecord } from "@waymark/core";
import { changedHeads, gap, type Mutant, type Mutants, onRefusal, refusal } from "./mutant.ts";

/** Changes the head after a claim, for all readers, until the next commit. */
function changedClaims(
  fault: string,
  change: (claimed: ExecutionRecord, before: ExecutionRecord, request: ClaimRequest) => Partial<ExecutionRecord>,
): Mutant {
  return {
    fault,
    wrap: (store, { notes }) => ({
      ...changedHeads(store, (head) => ({ ...head, ...(notes.get(`${head.id}/${head.token}`) as object | undefined) })),
      claimExecution: async (id, request) => {
        const before = await store.getExecution(id);
        const claimed = await store.claimExecution(id, request);
        const key = `${id}/${claimed.token}`;
        if (before !== undefined && before.token !== claimed.token) notes.set(key, change(claimed, before, request));
        return { ...claimed, ...(notes.get(key) as object | undefined) };
      },
      commit: async (id, request) => {
        await store.commit(id, request);
        notes.delete(`${id}/${request.token}`);
      },
    }),
  };
}

export const claimMutants: Mutants = {
  "claims/from-running": changedClaims("does not count a claim by force", (_claimed, before, { force }) =>
    force && before.failure ? { recoveries: before.recoveries } : {},
  ),
  "claims/from-rest": changedClaims("counts every claim", (_claimed, before, { cancel }) =>
    before.status !== "running" && before.recoveries > 0 && before.failure && !cancel
      ? { recoveries: before.recoveries + 1 }
      : {},
  ),
  "claims/keeps-wait": {
    fault: "loses waitingCount on a claim",
    wrap: (store, { notes }) => ({
      ...changedHeads(store, (head) => {
        if (notes.get(head.id) === head.token) delete head.waitingCount;
        return head;
      }),
      claimExecution: async (id, request) => {
        const claimed = await store.claimExecution(id, request);
        if (claimed.waitingCount === 3 && !request.cancel) {
          notes.set(id, claimed.token);
          delete claimed.waitingCount;
        }
        return claimed;
      },
    }),
  },
  "claims/recoveries-reset": {
    fault: "checks only the last checkpoint of a commit",
    wrap: (store, { notes }) => ({
      ...changedHeads(store, (head) =>
        notes.has(`${head.id}/${head.version}`) ? { ...head, recoveries: Number(notes.get(head.id)) } : head,
      ),
      commit: async (id, request) => {
        const before = await store.getExecution(id);
        await store.commit(id, request);
        const [first, last] = request.checkpoints ?? [];
        if (first?.kind !== "delta" || last?.kind !== "save" || request.checkpoints?.length !== 2) return;
        notes.set(id, before?.recoveries).set(`${id}/${request.version + 1}`, true);
      },
    }),
  },
  "claims/cancel": changedClaims("leaves wakeAt when it cancels", (_claimed, { wakeAt }, { cancel }) =>
    cancel && wakeAt === 1_800_000_000_000 ? { wakeAt } : {},
  ),
  "claims/cancel-refused": {
    fault: "cancels even under a held lease",
    wrap: (store) => ({
      claimExecution: (id, request) => store.claimExecution(id, request.cancel ? { ...request, force: true } : request),
    }),
  },
  "claims/cancel-fences": {
    fault: "lets the owner of a cancelled execution renew its lease",
    wrap: (store) => ({
      commit: (id, request) =>
        onRefusal(
          "LEASE_LOST",
          () => store.commit(id, request),
          async () => {
            const isCancelled = (await store.getExecution(id))?.failure?.code === "EXECUTION_CANCELLED";
            if (!isCancelled || request.leaseMs !== 5_000) throw refusal("LEASE_LOST");
          },
        ),
    }),
  },
  "claims/cancel-again": {
    fault: "checks the status of a cancelled execution before it compares the claimId",
    wrap: (store) => ({
      claimExecution: async (id, request) => {
        const head = await store.getExecution(id);
        const isRefused = head?.failure?.code === "EXECUTION_CANCELLED" && !request.from.includes("cancelled");
        if (isRefused && request.cancel) throw refusal("INVALID_STATUS");
        return store.claimExecution(id, request);
      },
    }),
  },
  "claims/cancel-under-commits": {
    fault: "compares the version on a cancel, and gives up on a conflict",
    wrap: (store) => ({
      claimExecution: async (id, request) => {
        const before = await store.getExecution(id);
        if (!request.cancel || before?.status !== "running") return store.claimExecution(id, request);
        await gap();
        if ((await store.getExecution(id))?.version !== before.version) throw refusal("STORE_UNAVAILABLE");
        return store.claimExecution(id, request);
      },
    }),
  },
};
