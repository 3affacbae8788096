import type { CheckpointStore, ExecutionRecord } from "@waymark/core";
import type { StoreAddress } from "../plan.ts";
import { DEADLY_ID } from "./chaos-workflow.ts";
import { EffectsServer } from "./effects-server.ts";
import { WorkerProcess } from "./worker-process.ts";

/** What a deadly trial came to. */
export interface DeadlyVerdict {
  /** The processes that have died. */
  deaths: number;
  /** The attempts of the node that have begun. */
  attempts: readonly number[];
  head: ExecutionRecord | undefined;
}

const MAX_DEATHS = 10;

/** Recovers an execution whose only node kills its process, each time in a new process, until it has ended. */
export async function runDeadlyTrial(options: {
  address: StoreAddress;
  /** Opens the store for the verdict. */
  open: () => Promise<CheckpointStore>;
  maxRecoveries: number;
}): Promise<DeadlyVerdict> {
  const { address, open, maxRecoveries } = options;
  await using effects = new EffectsServer(() => undefined);
  const plan = {
    ...{ store: address, effectsUrl: await effects.listen(), seed: 0, isOld: false, faultRate: 0, maxRecoveries },
    ...{ leaseMs: 300, intervalMs: 50 },
  };
  let hasEnded = false;
  let deaths = 0;
  while (!hasEnded && deaths < MAX_DEATHS) {
    const worker = new WorkerProcess(plan, (_worker, note) => {
      hasEnded ||= note.what === "ended";
      if (note.what === "ended") void worker.drain();
    });
    await worker.ready;
    await worker.control.start(DEADLY_ID, undefined).catch(() => undefined);
    await worker.ended;
    if (!hasEnded) deaths += 1;
  }
  await using store = await open();
  const attempts = (effects.runs.get(`${DEADLY_ID} n0`) ?? []).map(({ attempt }) => attempt);
  return { deaths, attempts, head: await store.getExecution(DEADLY_ID) };
}
