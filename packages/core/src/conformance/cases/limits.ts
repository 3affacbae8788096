import { equal, rejects } from "../assert.ts";
import type { ConformanceCase } from "../case.ts";
import { everythingOf, headOf, newExecution, newHeadCommit, newPending, uniqueId } from "../fixtures.ts";
import { times } from "../race.ts";

// The limits that the interface documents. They are repeated here on purpose, so that the checks' constants are tested.
const MAX_METADATA_BYTES = 4_096;
const MAX_WAITING = 100;
const MAX_REASON_LENGTH = 200;
const NODE = { nodeId: "node-1", nodeName: "Node 1", visit: 1, since: 5 };
const NOT_WRITTEN = "A refused call must write nothing.";

/** Cases about the limits of metadata and of waiting nodes in a head. */
export const limitCases: readonly ConformanceCase[] = [
  {
    id: "limits/metadata",
    title: "keeps metadata of up to 4,096 bytes of JSON, and refuses larger metadata and values other than strings",
    invariant: 14,
    async run({ store }) {
      const envelope = Buffer.byteLength(JSON.stringify({ tag: "" }));
      for (const tag of ["x".repeat(MAX_METADATA_BYTES - envelope), "é".repeat((MAX_METADATA_BYTES - envelope) / 2)]) {
        const { id, metadata } = await store.createExecution(newPending(uniqueId("e"), { metadata: { tag } }));
        equal(metadata, { tag }, "Metadata of 4,096 bytes must be kept.");
        equal((await headOf(store, id)).metadata, { tag }, "Metadata of 4,096 bytes must be kept.");
      }
      const wrong: unknown[] = [
        { tag: "x".repeat(MAX_METADATA_BYTES - envelope + 1) },
        { tag: "é".repeat((MAX_METADATA_BYTES - envelope) / 2 + 1) },
        { tag: "\u0000".repeat(MAX_METADATA_BYTES / 6) },
        ...[1, true, null, undefined, {}, ["a"], new Date(0)].map((tag) => ({ tag })),
        ...[["a"], "text", 1, null, new Date(0), new Map([["tag", "a"]])],
      ];
      for (const metadata of wrong) {
        await rejects(
          () => store.createExecution(newPending("wrong", { metadata: metadata as Record<string, string> })),
          "INVALID_ARGUMENT",
          `metadata like ${String(JSON.stringify(metadata)).slice(0, 30)} must be refused: metadata is a plain object of strings of up to ${MAX_METADATA_BYTES} bytes as JSON.`,
        );
      }
      equal(await store.getExecution("wrong"), undefined, NOT_WRITTEN);
    },
  },
  {
    id: "limits/waiting",
    title: "keeps up to 100 waiting nodes, with reasons of up to 200 characters, and refuses more",
    invariant: 14,
    async run({ store }) {
      const { token } = await store.createExecution(newExecution("e1"));
      const waiting = times(MAX_WAITING, (index) => ({
        ...NODE,
        ...{ nodeId: `node-${index}`, reason: "é".repeat(MAX_REASON_LENGTH) },
      }));
      await store.commit("e1", newHeadCommit({ token, version: 0 }, { waiting, waitingCount: 500 }));
      const head = await headOf(store, "e1");
      equal(
        { ...head, readAt: 0 },
        { ...head, readAt: 0, waiting, waitingCount: 500 },
        "100 waiting nodes must be kept.",
      );
      const before = await everythingOf(store, "e1");
      const wrong: unknown[] = [
        [...waiting, NODE],
        [{ ...NODE, reason: "x".repeat(MAX_REASON_LENGTH + 1) }],
        ...[{ nodeId: "" }, { nodeId: 1 }, { nodeName: 1 }, { visit: -1 }, { visit: 0.5 }, { since: -1 }].map(
          (changes) => [{ ...NODE, ...changes }],
        ),
        ...[{ until: 8.64e15 + 1 }, { until: "soon" }, { since: undefined }, { another: 1 }].map((changes) => [
          NODE,
          { ...NODE, ...changes },
        ]),
        ...[[null], ["node-1"], {}, "node-1", 1, NODE],
      ];
      for (const value of wrong) {
        await rejects(
          () => store.commit("e1", newHeadCommit({ token, version: 1 }, { waiting: value as (typeof NODE)[] })),
          "INVALID_ARGUMENT",
          `waiting like ${JSON.stringify(value).slice(0, 60)} must be refused.`,
        );
      }
      equal(await everythingOf(store, "e1"), before, NOT_WRITTEN);
    },
  },
];
