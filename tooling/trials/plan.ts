/** The values with which another process opens a store: the module of its class, and the options of `connect`. */
export interface StoreAddress {
  /** The URL of the module. */
  module: string;
  /** The name of the class in it. */
  className: string;
  options: object;
}

/** The work of a worker process. It works on all the executions, also on those that another process began. */
export interface WorkerPlan {
  store: StoreAddress;
  /** The file to which every effect is written before anything else happens, in whole lines. */
  journal: string;
  /** The number of the first execution, and the number of executions. */
  first: number;
  executions: number;
  /** The number of executions that run at once. */
  concurrency: number;
  nodes: number;
  leaseMs: number;
}

/** Returns the workflow of a trial: a chain of nodes, each of which adds one. */
export function chain(nodes: number) {
  const ids = Array.from({ length: nodes }, (_, index) => `n${index + 1}`);
  return {
    id: "chain",
    nodes: ids.map((id) => ({ id, type: "add" })),
    edges: ids.slice(1).map((target, index) => ({ source: ids[index] as string, target })),
  };
}

export function executionId(number: number): string {
  return `trial-${number}`;
}

/** Returns a generator of random numbers from 0 to 1. The same seed gives the same numbers. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
