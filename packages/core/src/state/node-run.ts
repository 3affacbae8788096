/** One run of a node in an execution, whatever the number of its attempts: what keys, waits and answers belong to. */
export interface NodeRun {
  readonly nodeId: string;
  /** Counts the runs of the node in this execution, from 1. */
  readonly visit: number;
}
