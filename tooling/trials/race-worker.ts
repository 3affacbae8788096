// One of many processes that claim and commit to the same execution at the same time.
//
//   node race-worker.ts '<StoreAddress as JSON>' <number>
//
// Answers each line of JSON that it reads with a line of JSON.
import { randomUUID } from "node:crypto";
import { createInterface } from "node:readline";
import { type CheckpointStore, isWorkflowError } from "@waymark/core";
import { openStore } from "./open-store.ts";

/** A command to a racer. */
export type RaceCommand = { do: "claim"; id: string } | { do: "commit"; id: string; token: number; versions: number };

const [address, number] = process.argv.slice(2) as [string, string];
const store = await openStore(JSON.parse(address));
await store.getExecution("warm");
process.stdout.write('"ready"\n');
for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line) as RaceCommand;
  const answer = command.do === "claim" ? await claim(store, command.id) : await commitAll(store, command);
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await store.close();

async function claim(store: CheckpointStore, id: string): Promise<string> {
  try {
    await store.claimExecution(id, {
      claimId: randomUUID(),
      owner: number,
      leaseMs: 60_000,
      from: ["pending", "running"],
    });
    return "claimed";
  } catch (error) {
    if (!isWorkflowError(error)) throw error;
    return error.code;
  }
}

/** Tries to commit every version, and returns the numbers of those that it won. */
async function commitAll(store: CheckpointStore, command: RaceCommand & { do: "commit" }): Promise<number[]> {
  const won: number[] = [];
  for (let version = 0; version < command.versions; ) {
    const checkpoint = {
      ...{
        id: randomUUID(),
        kind: "delta" as const,
        nodeId: `by-${number}`,
        nodeName: "",
        visit: 1,
        stepNumber: version,
        attempt: 1,
      },
      ...{ durationMs: 0, payload: "{}", timestamp: 0 },
    };
    try {
      await store.commit(command.id, {
        commitId: randomUUID(),
        token: command.token,
        version,
        checkpoints: [checkpoint],
      });
      won.push(version);
      version += 1;
    } catch (error) {
      if (!isWorkflowError(error, "VERSION_CONFLICT")) throw error;
      version = (await store.getExecution(command.id))?.version ?? version;
    }
  }
  return won;
}
