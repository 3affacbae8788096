import type { CheckpointStore, CommitRequest, ExecutionRecord, HeadUpdate } from "../../store/checkpoint-store.ts";
import { equal } from "../assert.ts";
import type { ConformanceCase } from "../case.ts";
import { headOf, LONG_LEASE_MS, newCheckpoint, newCommit, newExecution, newHeadCommit, uniqueId } from "../fixtures.ts";
import { caseId } from "./case-id.ts";
import { LAST_TIME, UPDATED } from "./samples.ts";

type Field = keyof typeof UPDATED;

const FIELDS = Object.keys(UPDATED) as Field[];
const ENDED: readonly unknown[] = ["completed", "failed", "cancelled"];

/** One case per field of the head that a commit can change. */
export const commitFieldCases: readonly ConformanceCase[] = [...FIELDS.map(changedCase), endedAtCase()];

function endedAtCase(): ConformanceCase {
  return {
    id: caseId("commit", "endedAt"),
    title:
      "keeps the endedAt of a commit that ends an execution, with and without a checkpoint, but never a time later than the store's clock",
    invariant: 9,
    async run({ store }) {
      for (const [status, endedAt] of [
        ["completed", 1_600_000_000_123],
        ["failed", 0],
        ["cancelled", LAST_TIME],
      ] as const) {
        for (const checkpoint of [undefined, newCheckpoint(), newCheckpoint({ kind: "snapshot" })]) {
          const before = await store.createExecution(newExecution(uniqueId("e")));
          const commit = newCommit(before, { head: { status, endedAt } });
          if (checkpoint === undefined) delete commit.checkpoints;
          else commit.checkpoints = [checkpoint];
          await store.commit(before.id, commit);
          const after = await headOf(store, before.id);
          equal(
            after.endedAt,
            endedAt === LAST_TIME ? after.updatedAt : endedAt,
            "A commit that ends an execution must keep its endedAt, or the store's time if that is earlier.",
          );
        }
      }
    },
  };
}

function changedCase(field: Field): ConformanceCase {
  return {
    id: caseId("commit", field),
    title: `changes ${field} by a commit that names it, alone, with a checkpoint and with all other fields, and by no other commit`,
    invariant: 9,
    async run({ store }) {
      for (const value of UPDATED[field]) {
        const update = { [field]: value } as HeadUpdate;
        const before = await headToChange(store, field, value);
        const { id } = before;
        await store.commit(id, newHeadCommit(before, update));
        const alone = await headOf(store, id);
        equal(
          alone,
          { ...expected(before, field, value, alone.updatedAt), version: before.version + 1 },
          `A commit of ${field} alone must set it (null removes it), and must not change other fields of the head.`,
        );
        for (const [what, request] of Object.entries(inCompany(field, update))) {
          const created = await headToChange(store, field, value);
          await store.commit(created.id, { ...newCommit(created), ...request });
          equal(
            seen(field, await headOf(store, created.id)),
            value ?? undefined,
            `A commit of ${field} with ${what} must set it as a commit of ${field} alone does: write it in every statement that commits.`,
          );
        }
      }
      await leaves(field, store);
      if (field === "wakeAt") await movesWhatIsDue(store);
    },
  };
}

/** Returns commits that contain a field together with other fields. */
function inCompany(field: Field, head: HeadUpdate): Record<string, Partial<CommitRequest>> {
  const everything = { ...othersThan(field), ...head };
  return {
    "a delta": { head },
    "a lease": { head, leaseMs: LONG_LEASE_MS },
    "an error": { head, checkpoints: [newCheckpoint({ kind: "error", error: { code: "X", message: "x" } })] },
    "a snapshot and dropBefore": { head, checkpoints: [newCheckpoint({ kind: "snapshot" })], dropBefore: 1 },
    "everything else": {
      head: everything,
      checkpoints: [newCheckpoint({ kind: "snapshot" })],
      leaseMs: LONG_LEASE_MS,
      dropBefore: 1,
    },
  };
}

const OTHERS = {
  wakeAt: 1_700_000_000_000,
  failure: { code: "OTHER", message: "other" },
  definitionHash: "sha256-other",
};
const OTHER_WAIT = { waiting: [{ nodeId: "other", nodeName: "Other", visit: 1, since: 1 }], waitingCount: 1 };

/** Makes a head with another value in the field, so that setting and removing the field differ from leaving it. */
async function headToChange(store: CheckpointStore, field: Field, value: unknown): Promise<ExecutionRecord> {
  const counts = value === 0 ? { currentStep: 5, totalSteps: 5 } : {};
  const others = field in OTHERS ? { [field]: OTHERS[field as keyof typeof OTHERS] } : counts;
  const created = await store.createExecution(newExecution(uniqueId("e"), others));
  if (!(field in OTHER_WAIT)) return created;
  await store.commit(created.id, newHeadCommit(created, OTHER_WAIT));
  return headOf(store, created.id);
}

function expected(before: ExecutionRecord, field: Field, value: unknown, updatedAt: number): object {
  const name = field === "wakeInMs" ? "wakeAt" : field;
  const { [name]: _changed, ...rest } = before;
  const changed = {
    ...rest,
    ...(value !== null && { [name]: field === "wakeInMs" ? updatedAt + Number(value) : value }),
    updatedAt,
  };
  if (field !== "status" || value === "running") return changed;
  const { owner: _owner, leaseUntil: _leaseUntil, ...released } = changed as ExecutionRecord;
  return ENDED.includes(value) ? { ...released, endedAt: updatedAt } : released;
}

/** Returns a value for every other field, except the status and one of the two fields that set `wakeAt`. */
function othersThan(field: Field): HeadUpdate {
  const left = field === "wakeInMs" ? "wakeAt" : "wakeInMs";
  const others = FIELDS.filter((name) => name !== field && name !== "status" && name !== left);
  return Object.fromEntries(others.map((name) => [name, UPDATED[name][0]]));
}

/** Returns the value that a head has for a field of a request. A wait given as a duration counts from the commit. */
function seen(field: Field, head: ExecutionRecord): unknown {
  if (field !== "wakeInMs") return head[field];
  return head.wakeAt === undefined ? undefined : head.wakeAt - head.updatedAt;
}

/** Tests that a commit does not change a field that it does not name, even if it names all others. */
async function leaves(field: Field, store: CheckpointStore): Promise<void> {
  const before = await headToChange(store, field, 0);
  await store.commit(before.id, newCommit(before, { head: othersThan(field) }));
  await store.commit(
    before.id,
    newCommit({ ...before, version: before.version + 1 }, { head: { [field]: undefined } as HeadUpdate }),
  );
  equal(
    seen(field, await headOf(store, before.id)),
    seen(field, before),
    `A commit that does not name ${field}, or names it as undefined, must leave it as it is.`,
  );
}

/** Tests the listing of due executions, for which a store may have an index. */
async function movesWhatIsDue(store: CheckpointStore): Promise<void> {
  const [due, none] = [
    await store.createExecution(newExecution("due")),
    await store.createExecution(newExecution("none")),
  ];
  const list = async () => (await store.listExecutions({ due: true })).items.map(({ id }) => id);
  const advice = "A commit that sets or removes wakeAt must move the execution in the listing of due executions.";
  await store.commit(due.id, newHeadCommit(due, { wakeAt: due.createdAt, status: "pending" }));
  await store.commit(none.id, newCommit(none, { head: { wakeAt: 0, status: "pending" } }));
  equal(
    (await list()).toSorted().filter((id) => !id.startsWith("e-")),
    ["due", "none"],
    advice,
  );
  await store.commit(none.id, newCommit({ ...none, version: 1 }, { head: { wakeAt: null } }));
  equal(
    (await list()).filter((id) => !id.startsWith("e-")),
    ["due"],
    advice,
  );
}
