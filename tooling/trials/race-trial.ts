import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { CheckpointStore } from "@waymark/core";
import type { StoreAddress } from "./plan.ts";
import type { RaceCommand } from "./race-worker.ts";

/** The result of {@link runRaceTrial}. */
export interface RaceVerdict {
  processes: number;
  versions: number;
  /** The number of processes that won at least one version. */
  winners: number;
  violations: string[];
}

const WORKER = fileURLToPath(new URL("./race-worker.ts", import.meta.url));

/**
 * Lets many processes claim one execution at once, and then commit to it at once.
 *
 * - Exactly one claim must be granted. Each version must have one winner, and the history must contain the winners'
 *   records.
 */
export async function runRaceTrial(options: {
  address: StoreAddress;
  store: CheckpointStore;
  processes: number;
  versions: number;
}): Promise<RaceVerdict> {
  const { store, processes, versions } = options;
  const id = randomUUID();
  const violations: string[] = [];
  await store.createExecution(pendingExecution(id));
  const racers = await Promise.all(Array.from({ length: processes }, (_, index) => startRacer(options.address, index)));
  const all = <Answer>(command: RaceCommand) => Promise.all(racers.map((racer) => racer.ask<Answer>(command)));

  const claims = await all<string>({ do: "claim", id });
  const granted = claims.filter((answer) => answer === "claimed").length;
  const held = claims.filter((answer) => answer === "LEASE_HELD").length;
  if (granted !== 1 || held !== processes - 1) violations.push(`The claims were answered ${claims.join(" ")}`);

  const { token } = (await store.getExecution(id)) ?? { token: -1 };
  const won = await all<number[]>({ do: "commit", id, token, versions });
  for (let version = 0; version < versions; version++) {
    const winners = won.flatMap((wins, index) => (wins.includes(version) ? [index] : []));
    if (winners.length !== 1) violations.push(`Version ${version} had the winners ${winners.join(" ")}`);
  }
  const head = await store.getExecution(id);
  const records = await store.readCheckpoints(id, { from: 1 });
  if (head?.version !== versions || head.seq !== versions) violations.push(`The head is ${JSON.stringify(head)}`);
  for (const { seq, nodeId, stepNumber } of records) {
    const winner = won.findIndex((wins) => wins.includes(seq - 1));
    if (nodeId !== `by-${winner}` || stepNumber !== seq - 1) violations.push(`Record ${seq} is ${nodeId}'s`);
  }
  if (records.length !== versions) violations.push(`There are ${records.length} records`);
  await Promise.all(racers.map((racer) => racer.end()));
  return { processes, versions, winners: won.filter((wins) => wins.length > 0).length, violations };
}

async function startRacer(address: StoreAddress, number: number) {
  const child = spawn(process.execPath, [WORKER, JSON.stringify(address), String(number)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`Racer ${number} has ended.`);
    return JSON.parse(value);
  };
  await next();
  return {
    ask: async <Answer>(command: RaceCommand): Promise<Answer> => {
      child.stdin.write(`${JSON.stringify(command)}\n`);
      return next();
    },
    end: async () => {
      child.stdin.end();
      await new Promise((resolve) => child.once("exit", resolve));
    },
  };
}

function pendingExecution(id: string) {
  const checkpoint = {
    ...{ id: randomUUID(), kind: "snapshot" as const, nodeId: "", nodeName: "", visit: 1, stepNumber: 0, attempt: 1 },
    ...{ durationMs: 0, payload: "{}", timestamp: 0 },
  };
  return { id, workflowId: "race", userId: "u", status: "pending" as const, currentStep: 0, totalSteps: 1, checkpoint };
}
