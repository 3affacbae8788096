import type { CheckpointRecord } from "@waymark/core";
import { type InvariantNumber, runConformance } from "@waymark/core/conformance";
import { expect, it } from "vitest";
import { changedRecords, gap, harnessOf, type Mutant, onRefusal, refusal } from "./mutants/mutant.ts";

/** Stores as they are really written, and the invariant that each one breaks. */
const BROKEN: [invariant: InvariantNumber, store: Mutant][] = [
  [
    2,
    {
      fault: "last write wins",
      wrap: (store) => ({
        commit: async (id, request) => {
          const version = (await store.getExecution(id))?.version ?? request.version;
          return store.commit(id, { ...request, version });
        },
      }),
    },
  ],
  [
    1,
    {
      fault: "head and checkpoint in two steps",
      wrap: (store, { notes }) => ({
        commit: async (id, request) => {
          await store.commit(id, request);
          const seq = (await store.getExecution(id))?.seq;
          notes.set(id, seq);
          await gap();
          if (notes.get(id) === seq) notes.delete(id);
        },
        readCheckpoints: async (id, options) =>
          (await store.readCheckpoints(id, options)).filter(({ seq }) => seq < Number(notes.get(id) ?? Infinity)),
      }),
    },
  ],
  [
    3,
    {
      fault: "tokens by owner id",
      wrap: (store) => ({
        commit: (id, request) =>
          onRefusal(
            "LEASE_LOST",
            () => store.commit(id, request),
            async () => {
              const head = await store.getExecution(id);
              // An owner is known by its name: a token says no more than who it is.
              if (head === undefined || !["worker-1", "owner-1"].includes(head.owner ?? ""))
                throw refusal("LEASE_LOST");
              return store.commit(id, { ...request, token: head.token });
            },
          ),
      }),
    },
  ],
  [
    4,
    {
      fault: "lease by Date.now()",
      wrap: (store, { byCallersClock }) => ({
        createExecution: (execution) => byCallersClock(() => store.createExecution(execution)),
        claimExecution: (id, request) => byCallersClock(() => store.claimExecution(id, request)),
        commit: (id, request) => byCallersClock(() => store.commit(id, request)),
        listExecutions: (options) => byCallersClock(() => store.listExecutions(options)),
      }),
    },
  ],
  [
    10,
    {
      fault: "cursor by offset",
      wrap: (store) => ({
        listExecutions: async ({ cursor, limit = 100, ...rest } = {}) => {
          const { items } = await store.listExecutions({ ...rest, limit: 1_000 });
          const start = Number(cursor ?? 0);
          const page = { items: items.slice(start, start + limit) };
          return start + limit < items.length ? { ...page, nextCursor: `${start + limit}` } : page;
        },
      }),
    },
  ],
  [
    10,
    {
      fault: "default limit of 10",
      wrap: (store) => ({ listExecutions: (options) => store.listExecutions({ limit: 10, ...options }) }),
    },
  ],
  [
    8,
    {
      fault: "=== on ids after lower-casing",
      wrap: (store) => ({
        createExecution: (execution) => store.createExecution({ ...execution, id: execution.id.toLowerCase() }),
        getExecution: (id) => store.getExecution(id.toLowerCase()),
        claimExecution: (id, request) => store.claimExecution(id.toLowerCase(), request),
        commit: (id, request) => store.commit(id.toLowerCase(), request),
        readCheckpoints: (id, options) => store.readCheckpoints(id.toLowerCase(), options),
        deleteExecutions: (refs) => store.deleteExecutions(refs.map((ref) => ({ ...ref, id: ref.id.toLowerCase() }))),
      }),
    },
  ],
  [
    9,
    {
      fault: "payload through JSON.parse and JSON.stringify",
      wrap: (store) =>
        changedRecords(store, (record) => {
          try {
            return { ...record, payload: JSON.stringify(JSON.parse(record.payload)) };
          } catch {
            return record;
          }
        }),
    },
  ],
  [
    6,
    {
      fault: "retry of a commit raises the version twice",
      wrap: (store, { notes }) => ({
        commit: async (id, request) => {
          const isRepeated = notes.get(id) === request.commitId;
          notes.set(id, request.commitId);
          const version = (await store.getExecution(id))?.version ?? 0;
          if (!isRepeated) return store.commit(id, request);
          return store.commit(id, { ...request, version, commitId: `${request.commitId.slice(0, 400)}+` });
        },
      }),
    },
  ],
  [
    12,
    {
      fault: "delete leaves checkpoints readable under a re-created id",
      wrap: (store, { notes }) => ({
        deleteExecutions: async (refs) => {
          for (const { id } of refs) notes.set(id, await store.readCheckpoints(id).catch(() => []));
          return store.deleteExecutions(refs);
        },
        readCheckpoints: async (id, options) => {
          const records = await store.readCheckpoints(id, options);
          const left = (notes.get(id) as CheckpointRecord[] | undefined) ?? [];
          return [...records, ...left.filter(({ seq }) => records.every((record) => record.seq !== seq))];
        },
      }),
    },
  ],
];

it.each(BROKEN)("names invariant %i", async (invariant, store) => {
  const report = await runConformance(harnessOf(store));
  const broken = new Set(report.cases.filter(({ status }) => status === "failed").map((result) => result.invariant));
  expect([...broken], store.fault).toContain(invariant);
});
