import type { CheckpointStore, CommitRequest, NewCheckpoint } from "@waymark/core";
import { changedRecords, type Mutant, type Mutants, onRefusal, refusal } from "./mutant.ts";

export const fidelityMutants: Mutants = {
  "fidelity/payloads": {
    fault: "keeps payloads that are JSON in parsed form",
    wrap: (store) =>
      changedRecords(store, (record) => {
        try {
          return { ...record, payload: JSON.stringify(JSON.parse(record.payload)) };
        } catch {
          return record;
        }
      }),
  },
  "fidelity/megabyte": changedCheckpoints("cuts long payloads of more than one byte a character", (checkpoint) =>
    checkpoint.payload.length > 30_000 && checkpoint.payload.startsWith("\u0100")
      ? { ...checkpoint, payload: checkpoint.payload.slice(0, 30_000) }
      : checkpoint,
  ),
  "fidelity/largest": {
    fault: "refuses the largest payload that it declares",
    wrap: (store) => ({
      commit: async (id, request) => {
        if (request.checkpoints?.[0]?.payload === "x".repeat(65_536)) throw refusal("PAYLOAD_TOO_LARGE");
        return store.commit(id, request);
      },
    }),
  },
  "fidelity/too-large": {
    fault: "does not check the size of definitions",
    wrap: (store) => ({
      saveDefinition: (hash, json) =>
        onRefusal(
          "PAYLOAD_TOO_LARGE",
          () => store.saveDefinition(hash, json),
          () => undefined,
        ),
    }),
  },
  "fidelity/bytes-not-characters": {
    fault: "counts characters",
    wrap: (store) => ({
      commit: (id, request) =>
        onRefusal(
          "PAYLOAD_TOO_LARGE",
          () => store.commit(id, request),
          () => {
            if ((request.checkpoints?.[0]?.payload.length ?? 0) > 65_536) throw refusal("PAYLOAD_TOO_LARGE");
          },
        ),
    }),
  },
  "fidelity/malformed": changedCheckpoints("strips U+0000 from names", (checkpoint) =>
    typeof checkpoint.nodeName === "string"
      ? { ...checkpoint, nodeName: checkpoint.nodeName.replaceAll("\0", "") }
      : checkpoint,
  ),
  "fidelity/definitions": {
    fault: "inserts an existing definition a second time",
    wrap: (store) => ({
      saveDefinition: async (hash, json) => {
        if ((await store.getDefinition(hash)) !== undefined) throw refusal("EXECUTION_ALREADY_EXISTS");
        return store.saveDefinition(hash, json);
      },
    }),
  },
};

function changedCheckpoints(fault: string, change: (checkpoint: NewCheckpoint) => NewCheckpoint): Mutant {
  const changed = (request: CommitRequest): CommitRequest =>
    request?.checkpoints?.every?.(({ payload }) => typeof payload === "string")
      ? { ...request, checkpoints: request.checkpoints.map(change) }
      : request;
  return {
    fault,
    takesWrongArguments: true,
    wrap: (store): Partial<CheckpointStore> => ({ commit: (id, request) => store.commit(id, changed(request)) }),
  };
}
