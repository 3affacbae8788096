import type { Dispatcher } from "@waymark/core";
import type { StoreAddress } from "../plan.ts";

/** The values with which another process opens a queue: the module and name of a function, and its options. */
export interface QueueAddress {
  module: string;
  factory: string;
  options: object;
}

/** The work of a process of a swarm: everything that the queue or the store has. */
export interface SwarmPlan {
  store: StoreAddress;
  /** Absent: workers look into the store only. */
  queue?: QueueAddress | undefined;
  /** The file to which every effect is written before anything else happens, in whole lines. */
  journal: string;
  nodes: number;
  /** The longest time that a node takes, in milliseconds. */
  nodeMs: number;
  concurrency: number;
  leaseMs: number;
  sweepIntervalMs: number;
  /** Milliseconds by which the clock of the process is wrong. */
  clockOffMs: number;
}

/** Opens a queue by its address. Its errors are expected: servers are killed. */
export async function openQueue({ module, factory, options }: QueueAddress): Promise<Dispatcher> {
  const loaded = (await import(module)) as Record<string, ((options: object) => Dispatcher) | undefined>;
  const make = loaded[factory];
  if (make === undefined) throw new Error(`${module} exports no ${factory}.`);
  return make({ ...options, onError: () => undefined });
}
