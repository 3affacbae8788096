import { readFileSync } from "node:fs";
import type { CheckpointStore } from "@waymark/core";
import { chain, executionId } from "./plan.ts";
import { contextOf } from "./state-of.ts";

/** The result of a trial: figures, and all violations of what the store and the engine promise. */
export interface Verdict {
  executions: number;
  /** Node runs, including those that were repeated after a crash. */
  runs: number;
  /** Node runs that were repeated because a crash came before their checkpoint was committed. */
  repeatedRuns: number;
  /** The effects that a service has which knows idempotency keys: one for each node of an execution. */
  effects: number;
  acknowledged: number;
  violations: string[];
}

/**
 * Compares the journal of a trial with the contents of the store.
 *
 * - Every execution must be completed, with the right output and a history without gaps.
 * - Every acknowledged commit must be in the history once.
 * - No node may have run again after its checkpoint was committed, acknowledged or not.
 * - All attempts of a node have the same idempotency key, and no other node has it: a service that knows keys has each
 *   effect once.
 */
export async function judge(options: {
  store: CheckpointStore;
  journal: string;
  executions: number;
  nodes: number;
}): Promise<Verdict> {
  const { store, nodes } = options;
  const journal = readJournal(options.journal);
  const expected = chain(nodes).nodes.map(({ id }) => id);
  const violations: string[] = [...journal.violations];
  /** The node that has each idempotency key. */
  const owners = new Map<string, string>();
  for (let number = 0; number < options.executions; number++) {
    const id = executionId(number);
    const complain = (what: string) => violations.push(`${id}: ${what}`);
    const head = await store.getExecution(id);
    if (head?.status !== "completed") {
      complain(`is ${head?.status ?? "missing"}`);
      continue;
    }
    const records = await store.readCheckpoints(id);
    const numbers = records.map(({ seq }) => seq);
    if (numbers.some((seq, index) => seq !== index)) complain(`has the records ${numbers.join(" ")}`);
    if (head.seq !== numbers.length - 1)
      complain(`its head counts ${head.seq} records, there are ${numbers.length - 1}`);
    const done = records.filter(({ nodeId, kind }) => nodeId !== "" && kind !== "error");
    const visited = done.map(({ nodeId }) => nodeId);
    if (visited.join() !== expected.join()) complain(`its history has the nodes ${visited.join()}`);
    const context = await contextOf(store, id);
    if (context.count !== nodes || String(context.visited) !== expected.join()) {
      complain(`its output is ${JSON.stringify(context)}`);
    }
    for (const { nodeId, attempt } of done) {
      const attempts = journal.attempts.get(`${id} ${nodeId}`) ?? [];
      if (Math.max(...attempts) > attempt) complain(`${nodeId} was committed by attempt ${attempt} and ran again`);
      const keys = journal.keys.get(`${id} ${nodeId}`) ?? new Set();
      if (keys.size !== 1) complain(`${nodeId} had ${keys.size} idempotency keys`);
      for (const key of keys) {
        const other = owners.get(key);
        if (other !== undefined) complain(`${nodeId} has the idempotency key of ${other}`);
        owners.set(key, `${id} ${nodeId}`);
      }
      if (new Set(attempts).size !== attempts.length) complain(`${nodeId} had the attempts ${attempts.join(" ")}`);
    }
  }
  return {
    executions: options.executions,
    runs: journal.runs,
    repeatedRuns: journal.runs - options.executions * nodes,
    effects: owners.size,
    acknowledged: journal.acknowledged.size,
    violations,
  };
}

function readJournal(path: string) {
  const attempts = new Map<string, number[]>();
  const keys = new Map<string, Set<string>>();
  const acknowledged = new Map<string, number>();
  const violations: string[] = [];
  let runs = 0;
  for (const line of readFileSync(path, "utf8").split("\n")) {
    const [what, id, node, attempt, idempotencyKey = ""] = line.split(" ");
    const key = `${id} ${node}`;
    if (what === "run") {
      runs += 1;
      // A process that was frozen may begin an older attempt only now. Its commit is refused.
      if (Number(attempt) > (acknowledged.get(key) ?? Number.POSITIVE_INFINITY)) {
        violations.push(`${key} ran again after its commit was acknowledged`);
      }
      attempts.set(key, [...(attempts.get(key) ?? []), Number(attempt)]);
      keys.set(key, (keys.get(key) ?? new Set()).add(idempotencyKey));
    } else if (what === "ack") {
      if (acknowledged.has(key)) violations.push(`${key} was acknowledged twice`);
      acknowledged.set(key, Number(attempt));
    }
  }
  return { attempts, keys, acknowledged, violations, runs };
}
