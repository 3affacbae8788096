import type { CheckpointStore, ExecutionRecord, NewExecution } from "../../store/checkpoint-store.ts";
import { equal } from "../assert.ts";
import type { ConformanceCase } from "../case.ts";
import { headOf, newClaim, newExecution, newPending, uniqueId } from "../fixtures.ts";
import { caseId } from "./case-id.ts";
import { CLAIMED, CREATED, LAST_TIME } from "./samples.ts";

type CreatedField = keyof typeof CREATED;
type ClaimedField = keyof typeof CLAIMED;

/** One case per field that a creation or a claim writes to the head. */
export const createFieldCases: readonly ConformanceCase[] = [
  ...(Object.keys(CREATED) as CreatedField[]).map(createdCase),
  ...(Object.keys(CLAIMED) as ClaimedField[]).map(claimedCase),
];

function createdCase(field: CreatedField): ConformanceCase {
  return {
    id: caseId("create", field),
    title: `keeps ${field} of a creation, alone and with all other fields`,
    invariant: 9,
    async run({ store }) {
      for (const value of CREATED[field]) {
        for (const others of [{}, everythingElse(field)]) {
          const execution = executionWith({ ...others, [field]: value });
          const created = await store.createExecution(execution);
          const advice = `createExecution must write ${field}: add it to every statement that creates or reads a head.`;
          for (const head of [created, await headOf(store, execution.id), await listed(store, execution.id)]) {
            equal(seen(field, head), value, advice);
          }
        }
      }
      const without = await store.createExecution(newPending(uniqueId("e")));
      if (field === "createdAt") await boundsCreation(store);
      else if (!(field in newPending("")))
        equal(seen(field, without), undefined, `${field} must be absent if it was not given.`);
    },
  };
}

function claimedCase(field: ClaimedField): ConformanceCase {
  return {
    id: caseId("claim", field),
    title: `keeps ${field} of a claim, from every status`,
    invariant: 9,
    async run({ store }) {
      for (const value of CLAIMED[field]) {
        for (const status of CREATED.status) {
          const execution = executionWith({ status, ...(status === "running" && { owner: "owner-1", leaseMs: 0 }) });
          await store.createExecution(execution);
          const claimed = await store.claimExecution(execution.id, newClaim({ from: [status], [field]: value }));
          const advice = `claimExecution must write ${field}, whatever the status was.`;
          for (const head of [claimed, await headOf(store, execution.id), await listed(store, execution.id)]) {
            equal(seen(field, head), value, advice);
          }
        }
      }
    },
  };
}

/** `createdAt` is the store's time by default, and never later. Listings are ordered by it. */
async function boundsCreation(store: CheckpointStore): Promise<void> {
  const late = await store.createExecution(newPending("late", { createdAt: LAST_TIME }));
  equal(late.createdAt, late.updatedAt, "createdAt must not be later than the store's clock.");
  const now = await store.createExecution(newPending("now"));
  equal(now.createdAt, now.updatedAt, "createdAt must be the store's time if it was not given.");
  await store.createExecution(newPending("past", { createdAt: 5 }));
  await store.createExecution(newExecution("older", { createdAt: 4 }));
  for (const [order, wanted] of [
    ["asc", ["older", "past"]],
    ["desc", ["past", "older"]],
  ] as const) {
    const { items } = await store.listExecutions({ order, createdBefore: 6 });
    const ids = items.map(({ id }) => id);
    equal(
      ids.filter((id) => id === "past" || id === "older"),
      wanted,
      "An execution that was created in the past must be listed in its place.",
    );
  }
}

/** Returns the value that a head has for a field of a request. */
function seen(field: CreatedField, head: ExecutionRecord): unknown {
  const until = { leaseMs: head.leaseUntil, wakeInMs: head.wakeAt, deadlineMs: head.deadlineAt };
  if (!(field in until)) return head[field as keyof ExecutionRecord];
  const time = until[field as keyof typeof until];
  return time === undefined ? undefined : time - head.updatedAt;
}

/** Returns a value for every field except one. An owner and a lease are given only with status "running". */
function everythingElse(field: CreatedField): Partial<NewExecution> {
  const names = Object.keys(CREATED) as CreatedField[];
  const left = field === "wakeInMs" ? "wakeAt" : "wakeInMs";
  const others = Object.fromEntries(
    names.filter((name) => name !== field && name !== left).map((name) => [name, CREATED[name][0]]),
  );
  return field === "owner" || field === "leaseMs" ? { ...others, status: "running" } : others;
}

/**
 * Makes a running execution if an owner or a lease is given, otherwise a pending one. A status that is given overrides
 * this.
 */
function executionWith(changes: Partial<NewExecution>): NewExecution {
  const id = uniqueId("e");
  const { owner, leaseMs, ...rest } = changes;
  const isOwned = changes.status === "running" || (changes.status === undefined && (owner ?? leaseMs) !== undefined);
  if (!isOwned) return newPending(id, rest);
  return newExecution(id, {
    ...rest,
    status: "running",
    ...(owner && { owner }),
    ...(leaseMs !== undefined && { leaseMs }),
  });
}

async function listed(store: CheckpointStore, id: string): Promise<ExecutionRecord> {
  for (let cursor: string | undefined; ; ) {
    const page = await store.listExecutions(cursor === undefined ? {} : { cursor });
    const head = page.items.find((item) => item.id === id);
    if (head !== undefined) return head;
    cursor = page.nextCursor;
    equal(typeof cursor, "string", `listExecutions must list "${id}".`);
  }
}
