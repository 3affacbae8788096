import type { ExecutionRecord } from "@waymark/core";
import { changedHeads, gap, type Mutant, type Mutants, onRefusal, refusal } from "./mutant.ts";

/** Renames tokens: `shown` returns the number that is shown instead of a head's token. */
function renamedTokens(
  fault: string,
  renameClaimed: (before: ExecutionRecord, claimed: ExecutionRecord) => number | undefined,
): Mutant {
  return {
    fault,
    wrap: (store, { notes }) => {
      const shown = (head: ExecutionRecord) => ({
        ...head,
        token: Number(notes.get(`${head.id}/${head.token}`) ?? head.token),
      });
      return {
        ...changedHeads(store, shown),
        claimExecution: async (id, request) => {
          const before = await store.getExecution(id);
          const claimed = await store.claimExecution(id, request);
          const name = before && renameClaimed(shown(before), claimed);
          if (name !== undefined) notes.set(`${id}/${claimed.token}`, name);
          return shown(claimed);
        },
        commit: async (id, request) => {
          const head = await store.getExecution(id);
          const isShown = head !== undefined && shown(head).token === request.token;
          return store.commit(id, isShown ? { ...request, token: head.token } : request);
        },
        deleteExecutions: async (refs) => {
          const named = refs.map(async (ref) => {
            const head = await store.getExecution(ref.id);
            const isShown = head !== undefined && shown(head).token === ref.token;
            return isShown ? { ...ref, token: head.token } : ref;
          });
          return store.deleteExecutions(await Promise.all(named));
        },
      };
    },
  };
}

/** Lets an id that is created again begin with a token that it already had. */
function reusedTokens(fault: string, isReused: (lives: number, wasClaimed: boolean) => boolean): Mutant {
  return {
    fault,
    wrap: (store, { notes }) => {
      const shown = (head: ExecutionRecord) => ({
        ...head,
        token: head.token - Number(notes.get(`${head.id}/offset`) ?? 0),
      });
      return {
        ...changedHeads(store, shown),
        createExecution: async (execution) => {
          const isNew = (await store.getExecution(execution.id)) === undefined;
          const created = await store.createExecution(execution);
          const first = Number(notes.get(`${execution.id}/first`) ?? created.token);
          if (isNew) {
            const lives = Number(notes.get(`${execution.id}/lives`) ?? 0) + 1;
            const wasClaimed = notes.has(`${execution.id}/claimed`);
            notes.set(`${execution.id}/lives`, lives).set(`${execution.id}/first`, first);
            notes.set(`${execution.id}/offset`, lives > 1 && isReused(lives, wasClaimed) ? created.token - first : 0);
          }
          return shown(created);
        },
        claimExecution: async (id, request) => {
          const claimed = await store.claimExecution(id, request);
          notes.set(`${id}/claimed`, true);
          return shown(claimed);
        },
        commit: (id, request) =>
          store.commit(id, { ...request, token: request.token + Number(notes.get(`${id}/offset`) ?? 0) }),
        deleteExecutions: (refs) =>
          store.deleteExecutions(
            refs.map(({ token, ...ref }) =>
              token === undefined ? ref : { ...ref, token: token + Number(notes.get(`${ref.id}/offset`) ?? 0) },
            ),
          ),
      };
    },
  };
}

export const fencingMutants: Mutants = {
  "fencing/token-rises": renamedTokens("keeps the token if the owner stays the same", (before, claimed) =>
    before.owner === claimed.owner && before.version > 0 ? before.token : undefined,
  ),
  "fencing/same-owner": renamedTokens("fences by the owner's name", (before, claimed) =>
    before.owner === claimed.owner && before.version === 0 ? before.token : undefined,
  ),
  "fencing/made-again": reusedTokens("counts tokens per execution, and the third starts at one", (lives) => lives > 2),
  "fencing/zombie-of-deleted": reusedTokens(
    "keeps a counter only for ids that were claimed",
    (_lives, wasClaimed) => !wasClaimed,
  ),
  "fencing/old-token": {
    fault: "lets an old owner complete its execution",
    wrap: (store) => ({
      commit: (id, request) =>
        onRefusal(
          "LEASE_LOST",
          () => store.commit(id, request),
          async () => {
            const token = (await store.getExecution(id))?.token ?? 0;
            const isOlder = request.head?.status === "completed" && request.token < token;
            return store.commit(id, isOlder ? { ...request, token } : request);
          },
        ),
    }),
  },
  "fencing/deleted": {
    fault: "treats an UPDATE of no rows as success if only a record was written",
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
            if (request.head !== undefined || !notes.has(id)) throw refusal("EXECUTION_NOT_FOUND");
          },
        ),
    }),
  },
  "fencing/cancel": {
    fault: "checks whether the execution is cancelled before it checks the token",
    wrap: (store) => ({
      commit: (id, request) =>
        onRefusal(
          "LEASE_LOST",
          () => store.commit(id, request),
          async () => {
            const head = await store.getExecution(id);
            const isCancelled = head?.status === "cancelled" && head.failure === undefined;
            throw refusal(isCancelled ? "INVALID_STATUS" : "LEASE_LOST");
          },
        ),
    }),
  },
  "fencing/32-claims": {
    fault: "checks the lease in one round trip and takes it in the next",
    wrap: (store) => ({
      claimExecution: async (id, request) => {
        const before = await store.getExecution(id);
        const isFree = before?.status === "running" && (before.leaseUntil ?? 0) <= Date.now();
        if (!isFree) return store.claimExecution(id, request);
        await gap();
        return store.claimExecution(id, { ...request, force: true });
      },
    }),
  },
  "fencing/16-forced-claims": {
    fault: "refuses a forced claim that races with another",
    wrap: (store, { notes }) => ({
      claimExecution: async (id, request) => {
        if (!request.force) return store.claimExecution(id, request);
        if (notes.has(id)) throw refusal("LEASE_HELD");
        notes.set(id, true);
        try {
          const claimed = await store.claimExecution(id, request);
          await gap();
          return claimed;
        } finally {
          notes.delete(id);
        }
      },
    }),
  },
  "fencing/claim-against-commit": {
    fault: "reads the head, changes it and writes it back as a whole",
    wrap: (store) => ({
      commit: async (id, request) => {
        const before = await store.getExecution(id);
        if (before?.token !== request.token) return store.commit(id, request);
        await gap();
        const now = await store.getExecution(id);
        return store.commit(id, { ...request, token: now?.token ?? request.token });
      },
    }),
  },
};
