import type {
  CheckpointStore,
  ClaimRequest,
  CommitRequest,
  ExecutionRecord,
  ExecutionRef,
  HeadUpdate,
  ListExecutionsOptions,
  NewCheckpoint,
  NewExecution,
  ReadCheckpointsOptions,
} from "../../store/checkpoint-store.ts";
import { equal, rejects } from "../assert.ts";
import type { ConformanceCase } from "../case.ts";
import {
  everythingOf,
  LONG_LEASE_MS,
  newCheckpoint,
  newClaim,
  newCommit,
  newExecution,
  newSnapshot,
} from "../fixtures.ts";
import { INVALID_IDS } from "../hostile.ts";
import { wrongCalls } from "./wrong-calls.ts";

const NOT_WRITTEN = "A refused call must write nothing.";
const LATE_TIME = 8.64e15 + 1;
const HUNDRED_YEARS_MS = 36_500 * 24 * 3_600_000;

/** Cases about wrong calls, which must be refused before anything is written. */
export const argumentCases: readonly ConformanceCase[] = [
  {
    id: "errors/invalid-ids",
    title: "refuses a value that is not an id, wherever an id is expected, and writes nothing",
    invariant: 14,
    async run({ store }) {
      const created = await store.createExecution(newExecution("e1", { leaseMs: 0 }));
      const before = await everythingOf(store, "e1");
      for (const value of INVALID_IDS) {
        const id = value as string;
        const optional = value === undefined;
        const calls: Record<string, (() => Promise<unknown>) | false> = {
          "getExecution(id)": () => store.getExecution(id),
          "readCheckpoints(id)": () => store.readCheckpoints(id),
          "claimExecution(id)": () => store.claimExecution(id, newClaim()),
          "claimExecution owner": () => store.claimExecution("e1", newClaim({ owner: id })),
          "claimExecution claimId": () => store.claimExecution("e1", newClaim({ claimId: id })),
          "commit(id)": () => store.commit(id, newCommit(created)),
          "commit commitId": () => store.commit("e1", newCommit(created, { commitId: id })),
          "commit checkpoint.id": () =>
            store.commit("e1", newCommit(created, { checkpoints: [newCheckpoint({ id })] })),
          "createExecution id": () => store.createExecution(newExecution(id)),
          "createExecution workflowId": () => store.createExecution(newExecution("e2", { workflowId: id })),
          "createExecution userId": () => store.createExecution(newExecution("e2", { userId: id })),
          "createExecution owner": () => store.createExecution(newExecution("e2", { owner: id })),
          "createExecution checkpoint.id": () =>
            store.createExecution(newExecution("e2", { checkpoint: newSnapshot({ id }) })),
          "createExecution parentId": !optional && (() => store.createExecution(newExecution("e2", { parentId: id }))),
          "listExecutions workflowId": !optional && (() => store.listExecutions({ workflowId: id })),
          "listExecutions userId": !optional && (() => store.listExecutions({ userId: id })),
          "listExecutions parentId": !optional && (() => store.listExecutions({ parentId: id })),
          "deleteExecutions id": () =>
            store.deleteExecutions([
              { id: "e1", version: 0 },
              { id, version: 0 },
            ]),
          "saveDefinition hash": () => store.saveDefinition(id, "{}"),
          "getDefinition hash": () => store.getDefinition(id),
        };
        for (const [place, call] of Object.entries(calls)) {
          if (call === false) continue;
          const text = JSON.stringify(value) ?? "undefined";
          await rejects(
            call,
            "INVALID_ARGUMENT",
            `${place} must be refused if it is ${text.slice(0, 20)}: ids are 1 to 512 bytes of well-formed Unicode without U+0000. Use the checks of @waymark/core/store.`,
          );
        }
      }
      equal(await everythingOf(store, "e1"), before, NOT_WRITTEN);
      equal(await store.getExecution("e2"), undefined, NOT_WRITTEN);
    },
  },
  {
    id: "errors/invalid-arguments",
    title: "refuses wrong arguments before anything else, and writes nothing",
    invariant: 14,
    async run({ store }) {
      const created = await store.createExecution(newExecution("e1", { leaseMs: 0 }));
      const before = await everythingOf(store, "e1");
      for (const [what, call] of Object.entries(wrongCalls(store, created))) {
        await rejects(call, "INVALID_ARGUMENT", `${what} must be refused. Use the checks of @waymark/core/store.`);
      }
      equal(await everythingOf(store, "e1"), before, NOT_WRITTEN);
      equal(await store.getExecution("e2"), undefined, NOT_WRITTEN);
      equal((await store.listExecutions()).items.length, 1, NOT_WRITTEN);
    },
  },
  {
    id: "errors/arguments-first",
    title: "checks the arguments before it reads the execution",
    invariant: 14,
    async run({ store }) {
      const advice = "INVALID_ARGUMENT comes before EXECUTION_NOT_FOUND: check arguments before reading the head.";
      await rejects(() => store.commit("nobody", newCommit({ token: 1, version: -1 })), "INVALID_ARGUMENT", advice);
      await rejects(() => store.claimExecution("nobody", newClaim({ from: [] })), "INVALID_ARGUMENT", advice);
      await rejects(() => store.readCheckpoints("nobody", { limit: -1 }), "INVALID_ARGUMENT", advice);
    },
  },
  {
    id: "errors/unknown-names",
    title: "refuses a request with an unknown field, and writes nothing",
    invariant: 14,
    async run({ store }) {
      await refusesAll(store, (requests) =>
        requests.map(({ place, request, send }) => [
          `${place} with an unknown field`,
          () => send({ ...request, another: undefined }),
        ]),
      );
    },
  },
  {
    id: "errors/vanished-filters",
    title: "refuses filters and deletion conditions that are undefined, null or empty",
    invariant: 14,
    async run({ store }) {
      const { order: _order, limit: _limit, ...filters } = LIST;
      const list = Object.keys(filters).flatMap((filter) =>
        [undefined, null, ""].map(
          (value): Call => [
            `listExecutions with ${filter}: ${JSON.stringify(value)}`,
            () => store.listExecutions({ [filter]: value } as ListExecutionsOptions),
          ],
        ),
      );
      const remove = ["version", "token"].flatMap((name) =>
        [undefined, null].map(
          (value): Call => [
            `deleteExecutions with ${name}: ${JSON.stringify(value)}`,
            () => store.deleteExecutions([{ id: "e1", [name]: value } as ExecutionRef]),
          ],
        ),
      );
      await refusesAll(store, () => [...list, ...remove]);
    },
  },
  {
    id: "errors/late-times",
    title: "refuses times that no Date can hold, and leases of more than a hundred years",
    invariant: 14,
    async run({ store }) {
      const created = await store.createExecution(newExecution("first", { leaseMs: HUNDRED_YEARS_MS }));
      equal(
        (created.leaseUntil ?? 0) - created.createdAt,
        HUNDRED_YEARS_MS,
        "A lease of a hundred years must be accepted.",
      );
      const late = { timestamp: LATE_TIME };
      const long = { leaseMs: HUNDRED_YEARS_MS + 1 };
      await refusesAll(store, (_requests, head) => [
        ["createExecution with a late wakeAt", () => store.createExecution(newExecution("e2", { wakeAt: LATE_TIME }))],
        [
          "createExecution with a late timestamp",
          () => store.createExecution(newExecution("e2", { checkpoint: newSnapshot(late) })),
        ],
        ["createExecution with a long lease", () => store.createExecution(newExecution("e2", long))],
        ["claimExecution with a long lease", () => store.claimExecution("e1", newClaim(long))],
        ["commit with a long lease", () => store.commit("e1", newCommit(head, long))],
        ["commit with a late wakeAt", () => store.commit("e1", newCommit(head, { head: { wakeAt: LATE_TIME } }))],
        [
          "commit with a late timestamp",
          () => store.commit("e1", newCommit(head, { checkpoints: [newCheckpoint(late)] })),
        ],
        ["listExecutions with a late createdBefore", () => store.listExecutions({ createdBefore: LATE_TIME })],
      ]);
    },
  },
  {
    id: "errors/odd-types",
    title: "refuses a value of a wrong type in every field, and a field whose getter throws",
    invariant: 14,
    async run({ store }) {
      await refusesAll(store, (requests) => requests.flatMap(spoiltCalls));
    },
  },
];

type Call = [what: string, call: () => Promise<unknown>];

/** A valid request with a value in every field, and a function that sends it. */
interface Sent {
  place: string;
  request: object;
  // biome-ignore lint/suspicious/noExplicitAny: wrong on purpose, as a caller without types can be
  send: (request: any) => Promise<unknown>;
}

const FAILURE = { code: "NODE_FAILED", message: "boom" };
const RECORD: Required<NewCheckpoint> = { ...newCheckpoint({ id: "full" }), error: FAILURE };
/** A request sets a wait by a time or by a duration, not by both. */
const CREATE: Omit<Required<NewExecution>, "wakeInMs"> = {
  ...{ ...newExecution("e2"), owner: "owner-1", leaseMs: LONG_LEASE_MS },
  ...{ definitionHash: "hash-1", parentId: "parent-1", wakeAt: 1, failure: FAILURE, createdAt: 1 },
  ...{ parentNodeId: "node-1", parentVisit: 1, forkedFromId: "e0", forkedFromSeq: 0 },
  ...{ metadata: { tag: "a" }, deadlineMs: LONG_LEASE_MS },
  checkpoint: { ...RECORD, kind: "snapshot" },
};
const CLAIM: Required<ClaimRequest> = { ...newClaim(), force: true, cancel: FAILURE };
const HEAD: Omit<Required<HeadUpdate>, "wakeInMs"> = {
  ...{
    status: "failed",
    currentStep: 1,
    totalSteps: 2,
    wakeAt: 1,
    waiting: [{ nodeId: "node-1", nodeName: "Node 1", visit: 1, since: 1 }],
    waitingCount: 1,
    failure: FAILURE,
    definitionHash: "hash-2",
    endedAt: 1,
  },
};
const READ: Required<ReadCheckpointsOptions> = { from: 0, to: 9, limit: 9, order: "asc" };
/** All fields except the cursor, which only a store can make. */
const LIST: Omit<Required<ListExecutionsOptions>, "cursor"> = {
  ...{ workflowId: "workflow-1", userId: "user-1", status: "running", leaseExpired: false, due: false },
  ...{ parentId: "parent-1", topLevel: false, createdAfter: 0, createdBefore: 8.64e15, limit: 9, order: "asc" },
  ...{ endedAfter: 0, endedForMs: 0 },
};

function allRequests(store: CheckpointStore, { token, version }: ExecutionRecord): Sent[] {
  const commit: Required<CommitRequest> = {
    ...{ commitId: "commit-1", token, version, leaseMs: LONG_LEASE_MS, dropBefore: 0 },
    ...{ checkpoints: [RECORD], head: HEAD },
  };
  const ref: Required<ExecutionRef> = { id: "e1", version, token };
  const sendRecord = (checkpoint: NewCheckpoint) => store.commit("e1", { ...commit, checkpoints: [checkpoint] });
  return [
    { place: "createExecution", request: CREATE, send: (request) => store.createExecution(request) },
    { place: "claimExecution", request: CLAIM, send: (request) => store.claimExecution("e1", request) },
    { place: "commit", request: commit, send: (request) => store.commit("e1", request) },
    { place: "commit: head", request: HEAD, send: (head) => store.commit("e1", { ...commit, head }) },
    { place: "commit: checkpoint", request: RECORD, send: sendRecord },
    { place: "readCheckpoints", request: READ, send: (request) => store.readCheckpoints("e1", request) },
    { place: "listExecutions", request: LIST, send: (request) => store.listExecutions(request) },
    { place: "deleteExecutions", request: ref, send: (request) => store.deleteExecutions([request]) },
  ];
}

function spoiltCalls({ place, request, send }: Sent): Call[] {
  const unreadable = (name: string) =>
    Object.defineProperty({ ...request }, name, {
      enumerable: true,
      get: () => {
        throw new TypeError("This field cannot be read.");
      },
    });
  return Object.keys(request).flatMap((name): Call[] => [
    ...[Symbol("odd"), 1n, () => 1, Number.NaN].map(
      (value): Call => [`${place} with a ${typeof value} as ${name}`, () => send({ ...request, [name]: value })],
    ),
    [`${place} with a ${name} that throws when it is read`, () => send(unreadable(name))],
  ]);
}

/** Creates an execution, makes the calls, and tests that all are refused and nothing is written. */
async function refusesAll(
  store: CheckpointStore,
  callsWith: (requests: readonly Sent[], head: ExecutionRecord) => readonly Call[],
): Promise<void> {
  const head = await store.createExecution(newExecution("e1", { leaseMs: 0 }));
  const before = await everythingOf(store, "e1");
  for (const [what, call] of callsWith(allRequests(store, head), head)) {
    await rejects(call, "INVALID_ARGUMENT", `${what} must be refused. Use the checks of @waymark/core/store.`);
  }
  equal(await everythingOf(store, "e1"), before, NOT_WRITTEN);
  equal(await store.getExecution("e2"), undefined, NOT_WRITTEN);
}
