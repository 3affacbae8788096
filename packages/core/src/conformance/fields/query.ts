import type { CheckpointStore, ListExecutionsOptions, NewExecution } from "../../store/checkpoint-store.ts";
import { equal } from "../assert.ts";
import type { ConformanceCase } from "../case.ts";
import { newCommit, newExecution, newPending } from "../fixtures.ts";
import { caseId } from "./case-id.ts";

const OWNED_BY = { workflowId: "w1", userId: "u1", parentId: "p1" } as const;
type Filter = keyof typeof OWNED_BY;

/** One case per condition that compares a text, and one per end of a range of records. */
export const queryFieldCases: readonly ConformanceCase[] = [
  ...(Object.keys(OWNED_BY) as Filter[]).map(filterCase),
  {
    id: caseId("read", "from"),
    title: "reads records from a number on, inclusive",
    invariant: 9,
    async run({ store }) {
      await withFiveDeltas(store);
      equal(
        await numbers(store, { from: 4 }),
        [4, 5],
        "from is inclusive; without to, the records up to the newest are read.",
      );
      equal(await numbers(store, { from: 0 }), [0, 1, 2, 3, 4, 5], "from may be the oldest.");
      equal(await numbers(store, { from: 6 }), [], "A range beyond the newest is empty, not an error.");
    },
  },
  {
    id: caseId("read", "to"),
    title: "reads records up to a number, inclusive",
    invariant: 9,
    async run({ store }) {
      await withFiveDeltas(store);
      equal(
        await numbers(store, { to: 1 }),
        [0, 1],
        "to is inclusive; without from, the records from the oldest on are read.",
      );
      equal(await numbers(store, { to: 0 }), [0], "0 must be treated as a number, not as absent.");
      equal(await numbers(store, { from: 2, to: 4 }), [2, 3, 4], "from and to are both inclusive.");
      equal(await numbers(store, { from: 4, to: 3 }), [], "A range that ends before it begins is empty.");
    },
  },
];

function filterCase(filter: Filter): ConformanceCase {
  return {
    id: caseId("list", filter),
    title: `lists by ${filter}, alone and combined with every other condition`,
    invariant: 10,
    async run({ store }) {
      const others: Partial<NewExecution> = { ...OWNED_BY, [filter]: "another" };
      // Executions that differ only in this field. The oldest and the newest of them must not be listed.
      for (const id of ["other-1", "match-1", "match-2", "other-2"]) {
        await store.createExecution(newPending(id, id.startsWith("other") ? others : OWNED_BY));
      }
      const wanted = { [filter]: OWNED_BY[filter] };
      const companies: ListExecutionsOptions[] = [
        {},
        OWNED_BY,
        { status: "pending" },
        { status: ["pending", "failed"], order: "asc" },
        { leaseExpired: false, due: false },
        { createdBefore: 253_402_300_799_999 },
        { ...OWNED_BY, status: "pending", createdBefore: 253_402_300_799_999, limit: 3 },
      ];
      for (const company of companies) {
        const options = { ...company, ...wanted };
        const { items } = await store.listExecutions(options);
        equal(
          items.map(({ id }) => id).toSorted(),
          ["match-1", "match-2"],
          `${JSON.stringify(options)} must list all executions that fulfil every condition, and no others.`,
        );
      }
      equal(
        (await store.listExecutions({ [filter]: "nobody" })).items,
        [],
        `A ${filter} that no execution has must list nothing (not everything).`,
      );
    },
  };
}

async function withFiveDeltas(store: CheckpointStore): Promise<void> {
  const { token } = await store.createExecution(newExecution("e1"));
  for (let version = 0; version < 5; version++) await store.commit("e1", newCommit({ token, version }));
}

async function numbers(
  store: CheckpointStore,
  options: Parameters<CheckpointStore["readCheckpoints"]>[1],
): Promise<number[]> {
  return (await store.readCheckpoints("e1", options)).map(({ seq }) => seq);
}
