import type { CheckpointStore } from "../../store/checkpoint-store.ts";
import { equal, ok } from "../assert.ts";
import type { ConformanceCase } from "../case.ts";
import { newClaim, newExecution, newHeadCommit, newPending } from "../fixtures.ts";
import { race, times } from "../race.ts";

const TEN_MINUTES_MS = 600_000;
const OLD = { olderThanMs: TEN_MINUTES_MS };
const STATUSES = ["pending", "running", "suspended", "completed", "failed", "cancelled"] as const;
const IS_USED = "A definition that an execution refers to must be kept, whatever the status of the execution.";

/** Cases about the deletion of unused definitions. */
export const definitionCases: readonly ConformanceCase[] = [
  {
    id: "definitions/young",
    title: "keeps an unused definition that was saved recently",
    invariant: 12,
    async run({ store, reopen }) {
      await store.saveDefinition("young-1", "{}");
      await (await reopen()).saveDefinition("young-2", "{}");
      equal(
        await store.deleteUnusedDefinitions(OLD),
        0,
        "A definition that was saved recently must be kept: an execution may be about to refer to it.",
      );
      equal(
        await kept(store, ["young-1", "young-2"]),
        ["young-1", "young-2"],
        "A definition that was saved recently must be kept.",
      );
    },
  },
  {
    id: "definitions/unused",
    title: "deletes old definitions that no execution refers to, and returns their number",
    invariant: 12,
    requires: ["aged-definitions"],
    async run({ store, ageDefinitions }) {
      const used = [...STATUSES.map((status) => `used-${status}`), "by-commit"];
      const unused = ["unused", "deleted", "replaced", "__proto__"];
      for (const hash of [...used, ...unused]) await store.saveDefinition(hash, JSON.stringify({ hash }));
      for (const status of STATUSES) {
        const make = status === "running" ? newExecution : newPending;
        await store.createExecution(make(status, { status, definitionHash: `used-${status}` }));
      }
      const deleted = await store.createExecution(newExecution("deleted", { definitionHash: "deleted" }));
      await store.deleteExecutions([deleted]);
      const changed = await store.createExecution(newExecution("changed", { definitionHash: "replaced" }));
      await store.commit("changed", newHeadCommit(changed, { definitionHash: "by-commit" }));
      await ageDefinitions(TEN_MINUTES_MS + 60_000);
      await store.saveDefinition("young", "{}");
      equal(
        await store.deleteUnusedDefinitions({ olderThanMs: 2 * TEN_MINUTES_MS }),
        0,
        "olderThanMs must be compared with the time since a definition was last saved.",
      );
      equal(
        await store.deleteUnusedDefinitions(OLD),
        unused.length,
        "deleteUnusedDefinitions must return the number of definitions that it deleted.",
      );
      equal(await kept(store, used), used, IS_USED);
      equal(await kept(store, unused), [], "An old definition that no execution refers to any more must be deleted.");
      equal(await kept(store, ["young"]), ["young"], "A definition that was saved recently must be kept.");
      equal(await store.deleteUnusedDefinitions(OLD), 0, "A second call must find nothing to delete.");
      await store.claimExecution("failed", newClaim({ from: ["failed"] }));
      equal(await store.getDefinition("used-failed"), '{"hash":"used-failed"}', IS_USED);
    },
  },
  {
    id: "definitions/saved-again",
    title: "keeps an old definition that was saved again recently",
    invariant: 12,
    requires: ["aged-definitions"],
    async run({ store, ageDefinitions }) {
      await store.saveDefinition("again", '{"a":1}');
      await ageDefinitions(TEN_MINUTES_MS);
      await store.saveDefinition("again", '{"a":1}');
      equal(
        await store.deleteUnusedDefinitions(OLD),
        0,
        "saveDefinition must record the time of every call, also for a known hash.",
      );
      equal(await store.getDefinition("again"), '{"a":1}', "A definition that was saved again must be kept.");
      await ageDefinitions(TEN_MINUTES_MS);
      equal(
        await store.deleteUnusedDefinitions(OLD),
        1,
        "A definition must be deleted once it is old again after the second save.",
      );
    },
  },
  {
    id: "definitions/many",
    title: "deletes hundreds of definitions in one call",
    invariant: 12,
    requires: ["aged-definitions"],
    async run({ store, ageDefinitions }) {
      const hashes = times(300, (index) => `hash-${index}`);
      await Promise.all(hashes.map((hash) => store.saveDefinition(hash, "{}")));
      await store.createExecution(newPending("e1", { definitionHash: "hash-150" }));
      await ageDefinitions(TEN_MINUTES_MS);
      equal(
        await store.deleteUnusedDefinitions(OLD),
        299,
        "deleteUnusedDefinitions must delete all unused definitions in one call: it must have no hidden limit.",
      );
      equal(await kept(store, hashes), ["hash-150"], IS_USED);
    },
  },
  {
    id: "definitions/racing-creation",
    title: "keeps a definition that is saved again and used while unused ones are deleted",
    invariant: 12,
    requires: ["aged-definitions"],
    async run({ store, reopen, ageDefinitions }) {
      const other = await reopen();
      for (const round of times(12, (index) => index)) {
        const hash = `hash-${round}`;
        await store.saveDefinition(hash, "{}");
        await ageDefinitions(TEN_MINUTES_MS);
        const use = async () => {
          await store.saveDefinition(hash, "{}");
          await store.createExecution(newPending(`e${round}`, { definitionHash: hash }));
        };
        const remove = async () => void (await other.deleteUnusedDefinitions(OLD));
        const outcomes = await race(round % 2 === 0 ? [use, remove] : [remove, use]);
        ok(
          outcomes.every((result) => result.ok),
          "A creation and the deletion of definitions must not make each other fail.",
        );
        equal(
          await store.getDefinition(hash),
          "{}",
          "Check that a definition is old and unused in the same atomic step that deletes it: it may have been saved again just before.",
        );
      }
    },
  },
];

/** Returns those of the hashes that have a definition. */
async function kept(store: CheckpointStore, hashes: readonly string[]): Promise<string[]> {
  const found = await Promise.all(hashes.map((hash) => store.getDefinition(hash)));
  return hashes.filter((_, index) => found[index] !== undefined);
}
