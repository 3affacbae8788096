/** How a process other than this one opens a store: the module of its class, and what `connect` is given. */
export interface StoreAddress {
  /** The URL of the module. */
  module: string;
  /** The name of the class in it. */
  className: string;
  options: object;
}

/** What a worker is to do. It goes through the same executions whoever has begun them. */
export interface WorkerPlan {
  store: StoreAddress;
  /** The file that every effect is noted in, whole lines at a time, before anything else happens. */
  journal: string;
  /** The number of the first execution, and how many there are. */
  first: number;
  executions: number;
  /** Executions that run at once. */
  concurrency: number;
  nodes: number;
  leaseMs: number;
}

/** The workflow of a trial: a chain of nodes that each add one. */
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

/** Random numbers from 0 to 1 that a seed repeats. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
