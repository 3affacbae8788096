import { equal, ok, rejects } from "../assert.ts";
import type { ConformanceCase } from "../case.ts";
import { everythingOf, headOf, newCheckpoint, newCommit, newExecution } from "../fixtures.ts";
import { race, times } from "../race.ts";

/** Cases about versions, which prevent two writers from overwriting each other (compare-and-swap). */
export const versionCases: readonly ConformanceCase[] = [
  {
    id: "versions/stale",
    title: "refuses a commit on an older version, and changes nothing",
    invariant: 2,
    async run({ store }) {
      const created = await store.createExecution(newExecution("e1"));
      await store.commit("e1", newCommit(created));
      const before = await everythingOf(store, "e1");
      await rejects(
        () => store.commit("e1", newCommit(created, { head: { currentStep: 7 } })),
        "VERSION_CONFLICT",
        "commit must compare its version with the head's: UPDATE … WHERE id AND token AND version.",
      );
      equal(
        await everythingOf(store, "e1"),
        before,
        "A commit that rejects with VERSION_CONFLICT must change neither the head nor the history.",
      );
    },
  },
  {
    id: "versions/future",
    title: "refuses a commit on a version that does not exist yet",
    invariant: 2,
    async run({ store }) {
      const created = await store.createExecution(newExecution("e1"));
      await rejects(
        () => store.commit("e1", newCommit({ ...created, version: 1 })),
        "VERSION_CONFLICT",
        "commit must compare versions for equality: a higher one is as wrong as a lower one.",
      );
    },
  },
  {
    id: "versions/no-gaps",
    title: "numbers versions and records without gaps",
    invariant: 2,
    async run({ store }) {
      const { token } = await store.createExecution(newExecution("e1"));
      for (let version = 0; version < 20; version++) {
        await store.commit(
          "e1",
          newCommit({ token, version }, { checkpoints: [newCheckpoint({ payload: `${version + 1}` })] }),
        );
      }
      const { version, seq } = await headOf(store, "e1");
      equal(
        { version, seq },
        { version: 20, seq: 20 },
        "After 20 commits with a checkpoint, version and seq must be 20.",
      );
      const records = await store.readCheckpoints("e1");
      equal(
        records.slice(1).map((record) => [record.seq, record.payload]),
        times(20, (index) => [index + 1, `${index + 1}`]),
        "Records must be numbered in the order of their commits, without gaps.",
      );
    },
  },
  {
    id: "versions/32-writers",
    title: "lets exactly one of 32 racing writers win, on two handles",
    invariant: 2,
    async run({ store, reopen }) {
      const created = await store.createExecution(newExecution("e1"));
      await store.commit("e1", newCommit(created));
      const handles = [store, await reopen()] as const;
      for (const handle of handles) await handle.getExecution("e1");
      const requests = times(32, (index) =>
        newCommit(
          { ...created, version: 1 },
          { checkpoints: [newCheckpoint({ payload: `writer-${index}` })], head: { currentStep: index } },
        ),
      );
      const outcomes = await race(
        requests.map((request, index) => () => handles[index % 2 ? 1 : 0].commit("e1", request)),
      );
      const winners = outcomes.flatMap((result, index) => (result.ok ? [index] : []));
      equal(
        winners.length,
        1,
        `Exactly one of 32 commits on one version must win, but ${winners.length} did. Compare and write in one atomic step (one statement, script or transaction), not in two round trips.`,
      );
      for (const result of outcomes) {
        if (!result.ok)
          equal(result.code, "VERSION_CONFLICT", "Writers that lose a race must reject with VERSION_CONFLICT.");
      }
      const { version, seq, currentStep } = await headOf(store, "e1");
      const records = await store.readCheckpoints("e1");
      equal(
        { version, seq, currentStep },
        { version: 2, seq: 2, currentStep: winners[0] },
        "The head must be the one that the winner wrote.",
      );
      equal(
        records.map((record) => record.payload).slice(2),
        [`writer-${winners[0]}`],
        "Only the winner's checkpoint may be in the history.",
      );
    },
  },
  {
    id: "versions/no-lost-update",
    title: "loses no update of writers that retry until they win",
    invariant: 2,
    async run({ store, reopen }) {
      const created = await store.createExecution(newExecution("e1"));
      const { token } = created;
      await store.commit("e1", newCommit(created));
      const handles = [store, await reopen()] as const;
      const increment = async (writer: number) => {
        const handle = handles[writer % 2 ? 1 : 0];
        for (let attempt = 0; attempt < 1_000; attempt++) {
          const { version, currentStep } = await headOf(handle, "e1");
          const [result] = await race([
            () => handle.commit("e1", newCommit({ token, version }, { head: { currentStep: currentStep + 1 } })),
          ]);
          if (result?.ok) return;
          equal(result?.code, "VERSION_CONFLICT", "A writer that lost a race must reject with VERSION_CONFLICT.");
        }
        ok(false, "A writer lost 1,000 races in a row: a commit on the current version must resolve.");
      };
      await Promise.all(
        times(6, async (writer) => {
          for (let i = 0; i < 3; i++) await increment(writer);
        }),
      );
      const { version, seq, currentStep } = await headOf(store, "e1");
      equal(
        { version, seq, currentStep },
        { version: 19, seq: 19, currentStep: 18 },
        "All 18 increments by 6 writers must be kept: getExecution must not return a head older than the last commit, and commit must compare the version.",
      );
    },
  },
];
