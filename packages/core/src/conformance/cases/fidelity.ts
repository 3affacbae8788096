import type { CheckpointStore } from "../../store/checkpoint-store.ts";
import { equal, rejects } from "../assert.ts";
import type { ConformanceCase } from "../case.ts";
import { everythingOf, newCheckpoint, newCommit, newExecution, newSnapshot } from "../fixtures.ts";
import { HOSTILE_TEXTS } from "../hostile.ts";

const OPAQUE =
  "A payload is opaque text: keep it in a text column, not as JSON, and never parse, trim or normalise it.";

/** Cases about values that must be read back exactly, up to the declared size. */
export const fidelityCases: readonly ConformanceCase[] = [
  {
    id: "fidelity/payloads",
    title: "returns payloads byte for byte",
    invariant: 9,
    async run({ store }) {
      const { token } = await store.createExecution(
        newExecution("e1", { checkpoint: newSnapshot({ payload: HOSTILE_TEXTS[0] ?? "" }) }),
      );
      for (const [version, payload] of HOSTILE_TEXTS.slice(1).entries()) {
        await store.commit("e1", newCommit({ token, version }, { checkpoints: [newCheckpoint({ payload })] }));
      }
      equal(
        (await store.readCheckpoints("e1")).map((record) => record.payload),
        HOSTILE_TEXTS,
        OPAQUE,
      );
      for (const [index, payload] of HOSTILE_TEXTS.entries()) {
        const id = `initial-${index}`;
        await store.createExecution(newExecution(id, { checkpoint: newSnapshot({ payload }) }));
        const [initial] = await store.readCheckpoints(id);
        equal(initial?.payload, payload, `${OPAQUE} The same holds for the initial snapshot.`);
      }
    },
  },
  {
    id: "fidelity/megabyte",
    title: "returns a payload of a megabyte unchanged",
    invariant: 9,
    async run({ store, capabilities }) {
      // Characters of two bytes of UTF-8 and one UTF-16 code unit each, without repetition, so that any cut is found.
      const length = Math.min(500_000, Math.floor(capabilities.maxPayloadBytes / 2));
      const payload = Array.from({ length }, (_, index) => String.fromCharCode(0x100 + (index % 997))).join("");
      const created = await store.createExecution(newExecution("e1", { checkpoint: newSnapshot({ payload }) }));
      await store.commit("e1", newCommit(created, { checkpoints: [newCheckpoint({ payload })] }));
      for (const record of await store.readCheckpoints("e1")) {
        equal(
          record.payload === payload,
          true,
          "A large payload must be read back whole, in a snapshot and in a delta.",
        );
      }
    },
  },
  {
    id: "fidelity/largest",
    title: "accepts a payload of exactly maxPayloadBytes",
    invariant: 9,
    requires: ["payload-limit"],
    async run({ store, capabilities }) {
      const payload = "x".repeat(capabilities.maxPayloadBytes);
      const created = await store.createExecution(newExecution("e1"));
      await store.commit("e1", newCommit(created, { checkpoints: [newCheckpoint({ payload })] }));
      const [, record] = await store.readCheckpoints("e1");
      equal(
        record?.payload === payload,
        true,
        "Declare only a size that the store can keep: a payload of maxPayloadBytes must be read back whole.",
      );
    },
  },
  {
    id: "fidelity/too-large",
    title: "refuses a payload larger than maxPayloadBytes and writes nothing",
    invariant: 9,
    requires: ["payload-limit"],
    async run({ store, capabilities }) {
      const payload = "x".repeat(capabilities.maxPayloadBytes + 1);
      const created = await store.createExecution(newExecution("e1"));
      const before = await everythingOf(store, "e1");
      const advice =
        "A payload larger than maxPayloadBytes must be refused before anything is written: cutting it would lose state.";
      await rejects(
        () => store.commit("e1", newCommit(created, { checkpoints: [newCheckpoint({ payload })] })),
        "PAYLOAD_TOO_LARGE",
        advice,
      );
      equal(
        await everythingOf(store, "e1"),
        before,
        "A commit that rejects with PAYLOAD_TOO_LARGE must change nothing.",
      );
      await rejects(
        () => store.createExecution(newExecution("e2", { checkpoint: newSnapshot({ payload }) })),
        "PAYLOAD_TOO_LARGE",
        advice,
      );
      equal(
        await store.getExecution("e2"),
        undefined,
        "A creation that rejects with PAYLOAD_TOO_LARGE must write nothing.",
      );
      await rejects(() => store.saveDefinition("hash-1", payload), "PAYLOAD_TOO_LARGE", advice);
      equal(await store.getDefinition("hash-1"), undefined, "A definition that is too large must not be kept.");
    },
  },
  {
    id: "fidelity/bytes-not-characters",
    title: "measures a payload in bytes of UTF-8, not in characters",
    invariant: 9,
    requires: ["payload-limit"],
    async run({ store, capabilities }) {
      const payload = "é".repeat(Math.floor(capabilities.maxPayloadBytes / 2) + 1);
      const created = await store.createExecution(newExecution("e1"));
      await rejects(
        () => store.commit("e1", newCommit(created, { checkpoints: [newCheckpoint({ payload })] })),
        "PAYLOAD_TOO_LARGE",
        "maxPayloadBytes counts bytes of UTF-8 (Buffer.byteLength), not JavaScript's string length.",
      );
    },
  },
  {
    id: "fidelity/malformed",
    title: "refuses text with U+0000 or lone surrogates, which databases cannot keep",
    invariant: 9,
    async run({ store }) {
      const created = await store.createExecution(newExecution("e1"));
      const before = await everythingOf(store, "e1");
      for (const text of ["a\u0000b", "\ud800", "a\udfff"]) {
        for (const field of ["payload", "nodeId", "nodeName"] as const) {
          await rejects(
            () => store.commit("e1", newCommit(created, { checkpoints: [newCheckpoint({ [field]: text })] })),
            "INVALID_ARGUMENT",
            `A ${field} with U+0000 or a lone surrogate must be refused: it would be read back changed, or not at all.`,
          );
        }
      }
      equal(await everythingOf(store, "e1"), before, "A refused call must write nothing.");
    },
  },
  {
    id: "fidelity/definitions",
    title: "keeps definitions unchanged, also if one is saved again under the same hash",
    invariant: 9,
    async run({ store }) {
      equal(await store.getDefinition("hash-0"), undefined, "getDefinition must return undefined for an unknown hash.");
      for (const [index, json] of HOSTILE_TEXTS.entries()) await store.saveDefinition(`hash-${index}`, json);
      await readDefinitions(store);
      await store.saveDefinition("hash-3", HOSTILE_TEXTS[3] ?? "");
      await readDefinitions(store);
    },
  },
];

async function readDefinitions(store: CheckpointStore): Promise<void> {
  const kept = await Promise.all(HOSTILE_TEXTS.map((_, index) => store.getDefinition(`hash-${index}`)));
  equal(kept, HOSTILE_TEXTS, "Definitions must be read back byte for byte, also after one is saved a second time.");
}
