import { randomUUID } from "node:crypto";
import { type ClaimRequest, isWorkflowError } from "@waymark/core";
import { newCheckpoint, newCommit, newExecution } from "tooling/store-fixtures";
import { beforeEach, expect, it } from "vitest";
import { tableNames } from "../src/sql/table-names.ts";
import { migratedServer } from "./migrated-server.ts";

/** The texts of the statements that were sent. */
let sent: string[] = [];
const { pool, store } = await migratedServer({
  onConnect: (client) => {
    const query = client.query.bind(client) as (...given: unknown[]) => unknown;
    client.query = ((...given: unknown[]) => {
      const [what] = given as [string | { text: string }];
      sent.push(typeof what === "string" ? what : what.text);
      return query(...given);
    }) as typeof client.query;
  },
});

beforeEach(() => {
  sent = [];
});

const claimOf = (given: Partial<ClaimRequest> = {}): ClaimRequest => ({
  ...{ claimId: randomUUID(), owner: randomUUID(), leaseMs: 60_000, from: ["pending"] },
  ...given,
});

async function pending(...ids: string[]): Promise<void> {
  const create = async (id: string): Promise<void> => {
    const { owner: _owner, leaseMs: _leaseMs, ...rest } = newExecution(id);
    await store.createExecution({ ...rest, status: "pending" });
  };
  await Promise.all(ids.map(create));
  sent = [];
}

const outcomeOf = (settled: PromiseSettledResult<{ owner?: string | undefined }>) =>
  settled.status === "fulfilled"
    ? settled.value.owner
    : isWorkflowError(settled.reason)
      ? settled.reason.code
      : settled.reason;

it("heads that are asked for in one turn come in one statement, each to its caller", async () => {
  await pending("h1", "h2", "ä:{}€\n");
  const ids = ["h2", "missing", "ä:{}€\n", "h1", "h2"];
  const found = await Promise.all(ids.map((id) => store.getExecution(id)));
  expect(found.map((head) => head?.id)).toEqual(["h2", undefined, "ä:{}€\n", "h1", "h2"]);
  expect(sent).toHaveLength(1);
});

it("claims of one turn are one statement: each has its own owner and lease, and is refused for itself", async () => {
  await pending("c1", "c2", "c3");
  await store.claimExecution("c3", claimOf());
  sent = [];
  const requests: [string, ClaimRequest][] = [
    ["c2", claimOf({ owner: "o2", leaseMs: 30_000 })],
    ["c1", claimOf({ owner: "o1" })],
    ["c3", claimOf({ owner: "o3", from: ["pending", "running"] })],
    ["missing", claimOf()],
  ];
  const settled = await Promise.allSettled(requests.map(([id, request]) => store.claimExecution(id, request)));
  expect(settled.map(outcomeOf)).toEqual(["o2", "o1", "LEASE_HELD", "EXECUTION_NOT_FOUND"]);
  expect(sent.filter((text) => text.includes("SET token"))).toHaveLength(1);
  const [two, one] = await Promise.all(["c2", "c1"].map((id) => store.getExecution(id)));
  expect(two).toMatchObject({ status: "running", owner: "o2" });
  expect((one?.leaseUntil ?? 0) - (two?.leaseUntil ?? 0)).toBe(30_000);
});

it("of two claims of one execution in one turn, one is made", async () => {
  await pending("twice");
  const claims = ["a", "b"].map((owner) => store.claimExecution("twice", claimOf({ owner })));
  const outcomes = (await Promise.allSettled(claims)).map(outcomeOf);
  expect(outcomes.filter((outcome) => outcome === "INVALID_STATUS" || outcome === "LEASE_HELD")).toHaveLength(1);
  const { owner } = (await store.getExecution("twice")) ?? expect.unreachable();
  expect(outcomes).toContain(owner);
});

it("a claim that the server cannot make does not fail those that it shares a statement with", async () => {
  await pending("good-1", "bad", "good-2");
  const { executions } = tableNames();
  await pool.query(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN IF NEW.id = 'bad' THEN RAISE EXCEPTION 'no'; END IF; RETURN NEW; END $$`);
  await pool.query(`CREATE TRIGGER refuse BEFORE UPDATE ON ${executions} FOR EACH ROW EXECUTE FUNCTION refuse()`);
  const claims = ["good-1", "bad", "good-2"].map((id) => store.claimExecution(id, claimOf({ owner: id })));
  expect((await Promise.allSettled(claims)).map(outcomeOf)).toEqual(["good-1", "STORE_UNAVAILABLE", "good-2"]);
  await pool.query(`DROP TRIGGER refuse ON ${executions}`);
});

/** Commits a record for each payload. */
async function appended(id: string, payloads: readonly string[]): Promise<void> {
  let head = await store.claimExecution(id, claimOf());
  for (const payload of payloads) {
    await store.commit(id, newCommit(head, { checkpoints: [newCheckpoint({ payload })] }));
    head = (await store.getExecution(id)) ?? expect.unreachable();
  }
  sent = [];
}

it("histories that are asked for in one turn come in one statement, each range to its caller", async () => {
  await pending("r1", "r2");
  await appended("r2", ["one", "two"]);
  const reads = [
    store.readCheckpoints("r2", { from: 1 }),
    store.readCheckpoints("missing"),
    store.readCheckpoints("r1"),
    store.readCheckpoints("r2", { from: 1, to: 1 }),
    store.readCheckpoints("r1", { from: 1 }),
  ];
  const settled = await Promise.allSettled(reads);
  const numbers = settled.map((each) =>
    each.status === "fulfilled" ? each.value.map(({ seq }) => seq) : each.reason.code,
  );
  expect(numbers).toEqual([[1, 2], "EXECUTION_NOT_FOUND", [0], [1], []]);
  expect(sent).toHaveLength(1);
});

it("a history that is too long or too large for a shared statement comes whole, and a damaged one is named", async () => {
  await pending("short", "long", "large", "damaged");
  await appended(
    "long",
    Array.from({ length: 40 }, (_, index) => `${index}`),
  );
  await appended("large", ["small", "x".repeat(10_000), "x".repeat(10_000), "small"]);
  await appended("damaged", ["one", "two"]);
  const { executions, checkpoints } = tableNames();
  await pool.query(`DELETE FROM ${checkpoints} AS c USING ${executions} AS e
    WHERE e.key = c.execution_key AND e.id = 'damaged' AND c.seq = 1`);
  sent = [];
  const ids = ["short", "long", "large", "damaged"];
  const settled = await Promise.allSettled(ids.map((id) => store.readCheckpoints(id)));
  const lengths = settled.map((each) => (each.status === "fulfilled" ? each.value.length : each.reason.code));
  expect(lengths).toEqual([1, 41, 5, "STATE_CORRUPT"]);
  // One for all, and one for each that was not whole in it.
  expect(sent).toHaveLength(4);
});
