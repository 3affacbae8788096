import {
  Binary,
  BSON,
  BSONRegExp,
  BSONSymbol,
  Code,
  Decimal128,
  type Document,
  Double,
  Long,
  MaxKey,
  MinKey,
  MongoClient,
  ObjectId,
  Timestamp,
} from "mongodb";
import { expectHarmless, type HeadDamage } from "tooling/store-checks";
import { startMongo } from "tooling/test-servers";
import { afterAll, describe, it } from "vitest";
import { MongoCheckpointStore } from "../src/index.ts";

const server = await startMongo();
const client = await new MongoClient(server.url).connect();
const executions = client.db("waymark").collection<{ _id: string } & Document>("damage_executions");
const store = MongoCheckpointStore.from(client, { database: "waymark", collectionPrefix: "damage_" });
afterAll(async () => {
  await client.close();
  await server.stop();
});

async function dump(id: string): Promise<string> {
  const filter = { _id: { $gte: id, $lt: `${id}\u0001` } };
  const found = await executions.find(filter, { raw: true, sort: { _id: 1 } }).toArray();
  return found.map((each) => Buffer.from(each as never).toString("hex")).join();
}

async function expectHarmlessHere(damage: Omit<HeadDamage, "dump">): Promise<void> {
  await executions.deleteMany({});
  await expectHarmless(store, { dump, ...damage });
}

const set = (name: string, value: unknown) => async (id: string) =>
  void (await executions.updateOne({ _id: id }, { $set: { [name]: value } }));

const PARENT_TEXTS = ["parentId", "parentNodeId", "forkedFromId"];
const PARENT_COUNTS = ["parentVisit", "forkedFromSeq"];
const TEXTS = [
  "workflowId",
  "userId",
  "owner",
  "definitionHash",
  "initialCheckpointId",
  "incarnation",
  ...PARENT_TEXTS,
];
const COUNTS = [
  ...["version", "token", "seq", "snapshotSeq", "firstSeq", "checkpointsCount", "currentStep", "totalSteps"],
  ...["recoveries", "waitingCount", ...PARENT_COUNTS],
];
const TIMES = [
  ...["leaseUntil", "wakeAt", "createdAt", "updatedAt", "endedAt", "bornAt", "firstToken", "expiresAt", "deadlineAt"],
];
const JSONS = ["failureJson", "waitingJson", "metadataJson"];
const OTHERS = ["status", "id", "executionId", "lastCommitId", "lastClaimId", "expiryEpoch", "tail"];
const OPTIONAL = [
  ...["owner", "definitionHash", "leaseUntil", "wakeAt", "endedAt", "deadlineAt", "recoveries", "waitingCount"],
  ...[...PARENT_TEXTS, ...PARENT_COUNTS, ...JSONS],
];
const OPTIONAL_OF_STORE = ["expiresAt", "lastCommitId", "lastClaimId", "expiryEpoch"];

const NOT_TEXT = ["", 1, {}, []];
const NOT_NUMBER = ["garbage", "5", -1, 1.5, 2 ** 53, Long.MAX_VALUE, Number.NaN, {}, new Date(5)];
const VALUES: Record<string, unknown[]> = {
  ...Object.fromEntries(TEXTS.map((name) => [name, NOT_TEXT])),
  ...Object.fromEntries([...COUNTS, ...TIMES].map((name) => [name, NOT_NUMBER])),
  status: ["banana", "", 1, ["running"], null],
  failureJson: ["{", "null", "[]", '{"code":1,"message":"x"}', 5],
  waitingJson: ["{", "null", "{}", '[{"nodeId":"n1"}]', 5],
  metadataJson: ["{", "null", "[]", '{"a":1}', 5],
  incarnation: [...NOT_TEXT, "garbage"],
  id: ["other", "", 7, null],
  executionId: ["other", "", 7, null],
  lastCommitId: NOT_TEXT,
  lastClaimId: NOT_TEXT,
  expiryEpoch: ["x", -1, {}],
  tail: ["x", [], [{ seq: 0 }], [{ seq: 1 }, { seq: 0 }], [null, null], [{ seq: 5 }], {}, null],
};

const nameIn = (name: string) => name.replace(/Json$/, "");

describe.each([...TEXTS, ...COUNTS, ...TIMES, ...JSONS, ...OTHERS])("%s of one head", (name) => {
  const isEnded = name === "endedAt";

  it("that cannot be read affects no other execution", async () => {
    for (const value of VALUES[name] ?? []) {
      await expectHarmlessHere({ unreadable: nameIn(name), isEnded, apply: set(name, value) });
    }
  });

  it("that is missing affects no other execution", async () => {
    const apply = async (id: string) => void (await executions.updateOne({ _id: id }, { $unset: { [name]: "" } }));
    const isOptional = OPTIONAL.includes(name) || OPTIONAL_OF_STORE.includes(name);
    await expectHarmlessHere({ ...(!isOptional && { unreadable: nameIn(name) }), isEnded, apply });
  });
});

it.each(["seq", "version", "token", "checkpointsCount", "firstSeq"])(
  "%s with another number affects no other execution",
  async (name) => {
    for (const value of [0, 3, Number.MAX_SAFE_INTEGER]) await expectHarmlessHere({ apply: set(name, value) });
  },
);

const EVERY_TYPE: [string, unknown][] = Object.entries({
  double: new Double(1e300),
  infinity: Number.POSITIVE_INFINITY,
  document: { $ref: "x", $id: 1 },
  array: [[1]],
  binary: new Binary(Buffer.from([1])),
  objectId: new ObjectId(),
  boolean: true,
  date: new Date(Number.NaN),
  null: null,
  regularExpression: new BSONRegExp("(?i)(", "x"),
  code: new Code("x", { y: 1 }),
  symbol: new BSONSymbol("s"),
  timestamp: new Timestamp({ t: 1, i: 1 }),
  decimal: Decimal128.fromString("1E6000"),
  minKey: new MinKey(),
  maxKey: new MaxKey(),
});

it.each(EVERY_TYPE)("a %s in any field affects no other execution", async (_, value) => {
  // Only what the server keeps of it counts.
  const kept = BSON.deserialize(BSON.serialize({ value }), { bsonRegExp: true, promoteValues: false }).value as unknown;
  const names = ["status", "version", "createdAt", "token", "incarnation", "failureJson", "tail", "expiryEpoch"];
  for (const name of [...names, "leaseBound"]) await expectHarmlessHere({ apply: set(name, kept) });
});
