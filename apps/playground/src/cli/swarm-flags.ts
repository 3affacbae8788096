/** The queues that a swarm can have; `none`: the processes look into the store. */
export const QUEUE_NAMES = ["pg-boss", "bullmq", "none"] as const;

/** The options of the command `swarm`. */
export interface SwarmFlags {
  queue: (typeof QUEUE_NAMES)[number];
  workers: number;
  executions: number;
  kill?: boolean;
  json?: boolean;
}
