import { isWorkflowError } from "@waymark/core";
import { newExecution } from "tooling/store-fixtures";
import { startMongo } from "tooling/test-servers";
import { afterAll, expect, it } from "vitest";
import { MongoCheckpointStore } from "../src/index.ts";

const ROUNDS = 100;

const server = await startMongo();
const open = () => MongoCheckpointStore.connect({ url: server.url, database: "creation-races" });
const handles = [await open(), await open()] as const;
afterAll(async () => {
  for (const handle of handles) await handle.close();
  await server.stop();
});

it("of creations and deletions of one id that race, each creation that took effect is reported as one", async () => {
  for (let round = 0; round < ROUNDS; round++) {
    const id = `e${round}`;
    const create = async (handle: MongoCheckpointStore): Promise<number> => {
      try {
        await handle.createExecution(newExecution(id));
        return 1;
      } catch (error) {
        if (isWorkflowError(error, "EXECUTION_ALREADY_EXISTS")) return 0;
        throw error;
      }
    };
    const remove = async (handle: MongoCheckpointStore) => -(await handle.deleteExecutions([{ id, version: 0 }]));
    const [a, b] = handles;
    const changes = await Promise.all([create(a), remove(b), create(a), remove(b), remove(a)]);
    const left = (await a.getExecution(id)) === undefined ? 0 : 1;
    expect([id, changes.reduce((sum, change) => sum + change, 0)]).toEqual([id, left]);
  }
});
