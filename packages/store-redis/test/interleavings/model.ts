import { MemoryCheckpointStore } from "@waymark/store-memory";
import { type Call, describeHead, ID, type Knowledge, outcomeOf } from "./actors.ts";

/** The observations of a run: the outcome of each call, `undefined` if its caller died, and the final head. */
export interface Observation {
  outcomes: Record<string, (string | undefined)[]>;
  head: string;
}

/**
 * Every observation that the model allows: all orders of whole calls, in which a call whose caller died may also be
 * missing. Calls of one actor keep their order.
 */
export async function allowed(
  prepare: Call,
  actors: Record<string, readonly Call[]>,
  crashed: string | undefined,
): Promise<Observation[]> {
  const found: Observation[] = [];
  for (const order of orders(actors)) {
    const own = order.filter((name) => name === crashed).length;
    const cuts = crashed === undefined ? [0] : Array.from({ length: own + 1 }, (_, count) => count);
    for (const count of cuts) found.push(await observe(prepare, actors, dropLast(order, crashed, count)));
  }
  return found;
}

async function observe(
  prepare: Call,
  actors: Record<string, readonly Call[]>,
  order: readonly string[],
): Promise<Observation> {
  const store = new MemoryCheckpointStore();
  const prepared: Knowledge = {};
  await prepare(store, prepared);
  const knowledge: Record<string, Knowledge> = {};
  const outcomes: Record<string, string[]> = {};
  for (const name of Object.keys(actors)) {
    knowledge[name] = { ...prepared };
    outcomes[name] = [];
  }
  for (const name of order) {
    const done = outcomes[name] as string[];
    const call = actors[name]?.[done.length] as Call;
    done.push(await outcomeOf(call(store, knowledge[name] as Knowledge)));
  }
  return { outcomes, head: JSON.stringify(describeHead(await store.getExecution(ID))) };
}

/** Returns whether the model allows a run. Of a call without an outcome only the effect is compared. */
export function isAllowed(seen: Observation, models: readonly Observation[]): boolean {
  return models.some(
    (model) =>
      model.head === seen.head &&
      Object.entries(seen.outcomes).every(([name, outcomes]) =>
        outcomes.every((outcome, at) => outcome === undefined || outcome === model.outcomes[name]?.[at]),
      ),
  );
}

function orders(actors: Record<string, readonly Call[]>): string[][] {
  const left = Object.entries(actors).filter(([, calls]) => calls.length > 0);
  if (left.length === 0) return [[]];
  return left.flatMap(([name, calls]) => orders({ ...actors, [name]: calls.slice(1) }).map((rest) => [name, ...rest]));
}

function dropLast(order: readonly string[], name: string | undefined, count: number): string[] {
  const kept = [...order];
  for (let dropped = 0; dropped < count; dropped++) kept.splice(kept.lastIndexOf(name as string), 1);
  return kept;
}
