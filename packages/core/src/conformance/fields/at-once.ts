import type { CheckpointStore, CommitRequest, ExecutionRecord, HeadUpdate } from "../../store/checkpoint-store.ts";
import { equal, outcome } from "../assert.ts";
import type { ConformanceCase } from "../case.ts";
import { headOf, LONG_LEASE_MS, newCheckpoint, newCommit, newExecution, uniqueId } from "../fixtures.ts";
import { UPDATED } from "./samples.ts";

type Change = Omit<CommitRequest, "commitId" | "token" | "version">;

/** Cases about commits to many executions at once, which a store may combine into one statement. */
export const atOnceCases: readonly ConformanceCase[] = [
  {
    id: "fields/at-once",
    title: "writes the same for simultaneous commits to many executions as for each commit alone",
    invariant: 9,
    async run({ store }) {
      const changes = manyChanges();
      const alone: ExecutionRecord[] = [];
      for (const change of changes) {
        const head = await create(store);
        await commitTo(store, head, change);
        alone.push(head);
      }
      const stale = await create(store);
      const together = await Promise.all(changes.map(() => create(store)));
      const commits = together.map((head, at) => commitTo(store, head, changes[at] ?? {}));
      const refused = outcome(() => store.commit(stale.id, newCommit({ token: stale.token + 1, version: 0 })));
      await Promise.all(commits);
      for (const [at, change] of changes.entries()) {
        equal(
          await leftOf(store, together[at], change),
          await leftOf(store, alone[at], change),
          `A commit must write the same alone and together with commits to other executions: ${JSON.stringify(change)}`,
        );
      }
      const result = await refused;
      equal(
        result.ok ? "it resolved" : result.code,
        "LEASE_LOST",
        "A commit that is refused must not make others fail.",
      );
    },
  },
];

/** Returns changes with every value of every field of the head, each combined with other fields of a commit. */
function manyChanges(): Change[] {
  const updates = Object.entries(UPDATED).flatMap(([field, values]) => values.map((value) => ({ [field]: value })));
  const everything = Object.fromEntries(
    Object.entries(UPDATED)
      .filter(([field]) => field !== "wakeInMs")
      .map(([field, values]) => [field, values[0]]),
  );
  const changes = updates.flatMap((head: HeadUpdate, at) => [inCompany(head, at), inCompany(head, at + 3)]);
  return [...changes, ...[0, 1, 2, 3, 4].map((at) => inCompany(everything, at))];
}

function inCompany(head: HeadUpdate, at: number): Change {
  const id = uniqueId("checkpoint");
  switch (at % 5) {
    case 0:
      return { head };
    case 1:
      return { head, checkpoints: [newCheckpoint({ id })] };
    case 2:
      return { head, checkpoints: [newCheckpoint({ id, kind: "save" })], leaseMs: 0 };
    case 3:
      return { head, checkpoints: [newCheckpoint({ id, kind: "snapshot" })], dropBefore: 1, leaseMs: LONG_LEASE_MS };
    default:
      return { head, checkpoints: [newCheckpoint({ id, kind: "error", error: { code: "X", message: "x" } })] };
  }
}

async function create(store: CheckpointStore): Promise<ExecutionRecord> {
  const failure = { code: "OTHER", message: "other" };
  const execution = newExecution(uniqueId("e"), { wakeAt: 1_700_000_000_000, failure, definitionHash: "sha256-other" });
  return store.createExecution({ ...execution, checkpoint: { ...execution.checkpoint, id: "initial" } });
}

function commitTo(store: CheckpointStore, { id, token }: ExecutionRecord, change: Change): Promise<void> {
  return store.commit(id, { commitId: uniqueId("commit"), token, version: 0, ...change });
}

/** Returns an execution's state after a commit, without the values that differ between executions. */
async function leftOf(store: CheckpointStore, of: ExecutionRecord | undefined, change: Change): Promise<unknown> {
  const {
    token: _token,
    id,
    createdAt: _createdAt,
    readAt: _readAt,
    updatedAt,
    leaseUntil,
    endedAt,
    wakeAt,
    ...head
  } = await headOf(store, of?.id ?? "");
  return {
    ...head,
    wakeAt: change.head?.wakeInMs === undefined ? wakeAt : Number(wakeAt) - updatedAt,
    isHeld: leaseUntil === undefined ? undefined : leaseUntil - updatedAt > LONG_LEASE_MS / 2,
    hasEnded: endedAt === updatedAt,
    records: await store.readCheckpoints(id),
  };
}
