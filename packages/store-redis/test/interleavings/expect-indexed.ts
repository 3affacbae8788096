import type { CheckpointStore, ExecutionRecord, ListExecutionsOptions, WorkflowStatus } from "@waymark/core/store";
import type { Redis } from "ioredis";
import { expect } from "vitest";
import { Keys } from "../../src/keys.ts";
import { ID } from "./actors.ts";

/** The prefix of every key. */
export const PREFIX = "waymark:";
export const STATUSES: WorkflowStatus[] = ["pending", "running", "suspended", "completed", "failed", "cancelled"];

/** Every listing shows what is there; and then the indexes hold that, and nothing else. */
export async function expectIndexed(
  client: Redis,
  { reader, where, withBefore }: { reader: CheckpointStore; where: string; withBefore: boolean },
): Promise<void> {
  const head = await reader.getExecution(ID);
  // Before a listing can complete the indexes.
  if (!withBefore) await expectBounds(client, head, where);
  const filters: ListExecutionsOptions[] = [
    {},
    ...STATUSES.map((status) => ({ status })),
    ...["w", "wa", "wb"].map((workflowId) => ({ workflowId })),
    { userId: "u1" },
    { due: true },
    { leaseExpired: true },
  ];
  const pages = await Promise.all(filters.map((filter) => reader.listExecutions(filter)));
  for (const [at, filter] of filters.entries()) {
    const items = pages[at]?.items;
    const { status, workflowId, due, leaseExpired } = filter;
    const fits =
      head !== undefined &&
      // A lease lasts longer than the test, or has lapsed at once.
      (leaseExpired === undefined || (head.leaseUntil ?? Number.POSITIVE_INFINITY) <= head.readAt) &&
      (status === undefined || status === head.status) &&
      (due === undefined || (head.wakeAt !== undefined && isAtRest(head.status))) &&
      (workflowId === undefined || workflowId === head.workflowId);
    expect(items?.map(withoutReading), `${where}, listed by ${JSON.stringify(filter)}`).toEqual(
      fits ? [withoutReading(head)] : [],
    );
  }
  await reader.close();
  const entries: string[] = [];
  for (const key of await client.keys("*{index}*")) {
    for (const member of await client.zrange(key, "0", "-1")) {
      // An actor that died between the two steps of a commit on this head leaves an entry until the head changes.
      const prepared = [`${ID}\0${head?.token}.${head?.version}`, `${ID}\0${head?.token}.9007199254740991`];
      const mayYetBe = /:status:|:wake$|:due$/.test(key) && prepared.includes(member);
      // No reader reads a lease before its end may have passed.
      if (!mayYetBe && !/:lease$|:completions$/.test(key)) entries.push(key.slice(key.indexOf("}") + 2));
    }
  }
  const expected = head === undefined ? [] : ["all", `status:${head.status}`, "user:u1", `workflow:${head.workflowId}`];
  if (head?.wakeAt !== undefined) expected.push("wake", "due");
  await expectBounds(client, head, where);
  expect(entries.sort(), where).toEqual(expected.sort());
}

export function isAtRest(status: WorkflowStatus): boolean {
  return status === "pending" || status === "suspended";
}

/** Checks that running executions are in the index of leases and those with a `wakeAt` in that of due ones, in time. */
async function expectBounds(client: Redis, head: ExecutionRecord | undefined, where: string): Promise<void> {
  const keys = new Keys(PREFIX);
  const { entry = "", wake = "" } = await client.hgetall(keys.execution(ID).head);
  const boundOf = async (key: string, stamp: string) => Number((await client.zscore(key, `${ID}\0${stamp}`)) ?? "NaN");
  if (head?.status === "running") {
    expect(await boundOf(keys.leaseIndex, entry), where).toBeLessThanOrEqual(head.leaseUntil ?? 0);
  }
  if (head?.wakeAt !== undefined) expect(await boundOf(keys.dueIndex, wake), where).toBeLessThanOrEqual(head.wakeAt);
}

function withoutReading({ readAt: _readAt, ...head }: ExecutionRecord): object {
  return head;
}
